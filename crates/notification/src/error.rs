//! Why a request was not done.

use ids::NotificationId;
use web::{Code, Problem};

/// Why a request was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// No notification has this id.
    #[error("there is no notification {0}")]
    NoNotification(NotificationId),
    /// The database holds a kind that this version does not know.
    #[error("the kind {0:?} of a notification is not known")]
    UnknownKind(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NoNotification(id) => Self::not_found(format!("notification {id}")),
            Error::Database(ref source) if postgres::is_transient(source) => {
                tracing::warn!(error = %source, "the database was in the way of a request");
                Self::new(Code::Unavailable, "repeat the same request in a moment").retry_after(1)
            }
            Error::UnknownKind(_) | Error::Database(_) => Self::internal(&error),
        }
    }
}
