//! Everything that can go wrong here, and how it reads to a client.

use web::{Code, FieldError, Problem};

use crate::hashing::HashingError;

/// A use case was refused or failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The request has faults, all of them listed.
    #[error("the request has {} faulty fields", .0.len())]
    Invalid(Vec<FieldError>),
    /// The login or the password is wrong; which one is not told.
    #[error("the login or the password is wrong")]
    WrongLogin,
    /// Too many attempts in a row for this login.
    #[error("this login is locked for {retry_after_s} s")]
    Locked {
        /// Seconds until the next attempt is taken.
        retry_after_s: u32,
    },
    /// Another user has the login.
    #[error("there is a user with this login already")]
    LoginTaken,
    /// There is no such user.
    #[error("there is no such user")]
    NoUser,
    /// There is no such key, or it was revoked.
    #[error("there is no such key")]
    NoKey,
    /// The request came without a session of the caller.
    #[error("the request has no session")]
    NoSession,
    /// Nobody could manage users any more.
    #[error("this is the last active administrator")]
    LastAdministrator,
    /// Only users have passwords; the caller is a key or a service.
    #[error("the caller is no user")]
    NotAUser,
    /// The first administrator's settings are not usable.
    #[error("{setting}: {remedy}")]
    Setting {
        /// The setting.
        setting: &'static str,
        /// How to mend it.
        remedy: &'static str,
    },
    /// A file of the data folder can't be read or written.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A password could not be hashed.
    #[error(transparent)]
    Hashing(#[from] HashingError),
    /// The event could not be written.
    #[error(transparent)]
    Bus(#[from] bus::BusError),
    /// The database failed.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
}

impl Error {
    /// One faulty field.
    pub(crate) fn field(pointer: &str, detail: &str) -> FieldError {
        FieldError {
            pointer: pointer.to_owned(),
            code: Code::InvalidField,
            detail: detail.to_owned(),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(fields) => Self::fields(fields),
            Error::WrongLogin => Self::new(Code::Unauthenticated, "the login or the password is wrong"),
            Error::Locked { retry_after_s } => Self::new(
                Code::TooManyRequests,
                format!("too many attempts to log in under this name; try again in {retry_after_s} s"),
            )
            .retry_after(retry_after_s),
            Error::LoginTaken => Self::new(
                Code::AlreadyExists,
                "login: there is a user with this login already; choose another one",
            ),
            Error::NoUser => Self::not_found("such user"),
            Error::NoKey => Self::not_found("such API key; it may have been revoked"),
            Error::NoSession => Self::not_found("session in this request; send its token or cookie"),
            Error::LastAdministrator => Self::new(
                Code::Conflict,
                "this is the last active administrator; make another one first",
            ),
            Error::NotAUser => Self::new(Code::Forbidden, "only a user has a password; log in first"),
            Error::Hashing(HashingError::Busy) => Self::new(
                Code::Unavailable,
                "too many passwords are being checked at once; try again",
            )
            .retry_after(2),
            Error::Database(ref e) | Error::Bus(bus::BusError::Database(ref e))
                if postgres::is_transient(e) =>
            {
                Self::new(Code::Unavailable, "the database does not answer").retry_after(1)
            }
            other => Self::internal(&other),
        }
    }
}
