//! Why a request was not done.

use bus::BusError;
use ids::{ContractId, PartnerId};
use money::Currency;
use web::{Code, FieldError, Problem};

use crate::domain::Fault;

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Fields are not valid.
    #[error("fields are not valid: {0:?}")]
    Invalid(Vec<Fault>),
    /// No partner has this id.
    #[error("there is no partner {0}")]
    NoPartner(PartnerId),
    /// No contract has this id.
    #[error("there is no contract {0}")]
    NoContract(ContractId),
    /// The contract is to be one of a partner who is not known.
    #[error("the partner {0} of the contract is not known")]
    ContractOfNobody(PartnerId),
    /// Another partner has the reference.
    #[error("a partner with the reference {0:?} exists")]
    ReferenceTaken(String),
    /// The partner has a contract in this currency.
    #[error("partner {0} has a contract in {1}")]
    CurrencyTaken(PartnerId, Currency),
    /// Another request made the version that this one was to make.
    #[error("contract {0} got another version meanwhile")]
    VersionTaken(ContractId),
    /// The idempotency key stands for another request.
    #[error("the idempotency key was used with another request")]
    KeyReused,
    /// The first request under the key has not ended.
    #[error("the first request with this idempotency key is still running")]
    KeyRunning,
    /// What stands in the database, or is to be answered, has not the form that this version knows.
    #[error("{what} has a form that is not known: {reason}")]
    Form {
        /// Which thing.
        what: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The event could not be written.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl Error {
    /// `what`, which was to be read or written, has a form that is not known.
    pub(crate) fn form(what: impl std::fmt::Display, reason: impl std::fmt::Display) -> Self {
        Self::Form {
            what: what.to_string(),
            reason: reason.to_string(),
        }
    }
}

impl From<Vec<Fault>> for Error {
    fn from(faults: Vec<Fault>) -> Self {
        Self::Invalid(faults)
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(faults) => faults_problem(faults, ""),
            Error::NoPartner(id) => Self::not_found(format!("partner {id}")),
            Error::NoContract(id) => Self::not_found(format!("contract {id}")),
            Error::ContractOfNobody(id) => Self::fields(vec![FieldError {
                pointer: "/partner_id".to_owned(),
                code: Code::UnknownPartner,
                detail: format!("there is no partner {id}: make it first, with POST /v1/partners"),
            }]),
            Error::ReferenceTaken(reference) => Self::new(
                Code::AlreadyExists,
                format!("a partner has the reference {reference:?}; GET /v1/partners?reference=... shows it"),
            ),
            Error::CurrencyTaken(partner, currency) => Self::new(
                Code::AlreadyExists,
                format!(
                    "{partner} has a contract in {currency}: add a version to it with POST \
                     /v1/contracts/{{id}}/versions"
                ),
            ),
            Error::VersionTaken(contract) => Self::new(
                Code::Conflict,
                format!("{contract} got another version meanwhile: read it again, then decide anew"),
            ),
            Error::KeyReused => Self::new(
                Code::IdempotencyKeyReused,
                "send a new Idempotency-Key with a new request",
            ),
            Error::KeyRunning => {
                Self::new(Code::RequestInProgress, "repeat the same request in a moment").retry_after(1)
            }
            Error::Database(ref source) | Error::Bus(BusError::Database(ref source))
                if postgres::is_transient(source) =>
            {
                tracing::warn!(error = %source, "the database was in the way of a request");
                Self::new(Code::Unavailable, "repeat the same request in a moment").retry_after(1)
            }
            Error::Form { .. } | Error::Bus(_) | Error::Database(_) => Self::internal(&error),
        }
    }
}

/// The faults as a problem, each pointer behind `prefix`.
pub(crate) fn faults_problem(faults: Vec<Fault>, prefix: &str) -> Problem {
    Problem::fields(
        faults
            .into_iter()
            .map(|fault| FieldError {
                pointer: format!("{prefix}{}", fault.pointer),
                code: Code::InvalidField,
                detail: fault.detail,
            })
            .collect(),
    )
}
