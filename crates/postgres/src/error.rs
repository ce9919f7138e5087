//! What can go wrong on the way to a database, and how to tell a passing fault from a lasting one.

/// A database could not be reached, prepared or migrated.
#[derive(Debug, thiserror::Error)]
pub enum PostgresError {
    /// The address is not one of a PostgreSQL database.
    #[error("the database address of {database} is not valid: {source}")]
    Address {
        /// Which database the address was for.
        database: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// The server did not let us in or did not answer.
    #[error("cannot reach database {database}: {source}")]
    Unreachable {
        /// Which database was to be reached.
        database: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// None of several servers is the primary, or none that may be written to.
    #[error("database {database} has no primary: {survey}")]
    NoPrimary {
        /// Which database was to be reached.
        database: String,
        /// What each server said.
        survey: crate::Survey,
    },
    /// A migration failed; the database is as it was before that migration.
    #[error("cannot migrate database {database}: {source}")]
    Migration {
        /// Which database was to be migrated.
        database: String,
        /// What the migrator said.
        source: sqlx::migrate::MigrateError,
    },
    /// A statement of the provisioning was refused.
    #[error("cannot provision {what}: {source}")]
    Provisioning {
        /// The role or database in question.
        what: String,
        /// What the server said.
        source: sqlx::Error,
    },
}

/// The name of the constraint that a statement violated, if that is why it failed.
///
/// A named constraint is how the database tells domain code which rule was broken under concurrency.
pub fn violated_constraint(error: &sqlx::Error) -> Option<&str> {
    error.as_database_error().and_then(|e| e.constraint())
}

/// Whether the same statement may succeed when it is tried again: the connection or the server failed, or a
/// concurrent transaction was in the way. Everything else is a fault of the statement or its data.
pub fn is_transient(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed => true,
        sqlx::Error::Database(e) => e.code().is_some_and(|code| {
            // Classes of SQLSTATE: 08 connection, 40 rollback (serialization, deadlock), 53 resources,
            // 57 operator intervention (shutdown, statement timeout), 58 system error, 55P03 lock timeout,
            // 25006 read-only transaction (a former primary), 25P03 and 25P04 a transaction that the server ended
            // because nothing happened in it, or that took too long.
            ["08", "40", "53", "57", "58"]
                .iter()
                .any(|class| code.starts_with(class))
                || ["55P03", "25006", "25P03", "25P04"].contains(&&*code)
        }),
        _ => false,
    }
}
