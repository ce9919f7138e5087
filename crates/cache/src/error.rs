//! Why there is no Redis to speak to.

use redis::RedisError;

use crate::AddressError;

/// Why the cache is not to be had. No call of [`crate::Cache`] fails with it: only who looks at it on purpose sees it.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The address is none.
    #[error(transparent)]
    Address(#[from] AddressError),
    /// A server does not answer, or does not let us in.
    #[error("{server}: {source}")]
    Server {
        /// Its host and port.
        server: String,
        /// What happened.
        source: RedisError,
    },
    /// None of the sentinels names a server that is the master.
    #[error("no sentinel leads to the master {master}: {answers}")]
    NoMaster {
        /// What it should be called.
        master: String,
        /// What each of them said.
        answers: String,
    },
}
