//! What can go wrong with a lease.

/// Why somebody may not act as the one.
#[derive(Debug, thiserror::Error)]
pub enum LeaseError {
    /// Another copy has taken over since; what was to be written is not.
    #[error("the term {token} as {name} is over: another copy has taken over")]
    Deposed {
        /// What is done under the lease.
        name: &'static str,
        /// The fencing token that is no longer the current one.
        token: i64,
    },
    /// The database failed.
    #[error("the lease's database failed: {0}")]
    Database(#[from] sqlx::Error),
}
