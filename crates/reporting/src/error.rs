//! Why a report was not made.

use web::{Code, FieldError, Problem};

use crate::domain::Fault;

/// Why a report was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// Parameters are not valid.
    #[error("parameters are not valid: {0:?}")]
    Invalid(Vec<Fault>),
    /// The database holds what is no sum of a currency.
    #[error("{0:?} is no sum of {1:?}")]
    NoSum(String, String),
    /// A sum passes what a report can say.
    #[error("a sum does not fit 128 bits")]
    TooLarge,
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::Invalid(faults) => Self::fields(
                faults
                    .into_iter()
                    .map(|fault| FieldError {
                        pointer: fault.parameter.to_owned(),
                        code: Code::InvalidField,
                        detail: fault.detail,
                    })
                    .collect(),
            ),
            Error::Database(ref source) if postgres::is_transient(source) => {
                tracing::warn!(error = %source, "the database was in the way of a request");
                Self::new(Code::Unavailable, "repeat the same request in a moment").retry_after(1)
            }
            Error::NoSum(..) | Error::TooLarge | Error::Database(_) => Self::internal(&error),
        }
    }
}
