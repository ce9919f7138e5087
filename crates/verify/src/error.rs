//! Why it could not be found out whether everything agrees.

/// The check itself failed; it says nothing about the data.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// No address was given for the database of a service.
    #[error("no address for the database of the {0} service")]
    NoSource(&'static str),
    /// The server did not let us in or did not answer.
    #[error("cannot reach the database of the {service} service: {source}")]
    Unreachable {
        /// Whose database.
        service: &'static str,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The address is none, or none of its several servers is the primary.
    #[error("the {service} service: {source}")]
    NoPrimary {
        /// Whose database.
        service: &'static str,
        /// What each server said.
        source: postgres::PostgresError,
    },
    /// A question was refused: the tables are not those of this version, or the connection broke.
    #[error("cannot read the database of the {service} service ({what}): {source}")]
    Reading {
        /// Whose database.
        service: &'static str,
        /// Which question.
        what: String,
        /// What the driver said.
        source: sqlx::Error,
    },
}
