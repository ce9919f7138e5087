//! A cache that may forget: hints only, never a decision.

mod address;
mod error;
mod measure;
mod memory;
mod redis;

use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;

pub use address::{Address, AddressError};
pub use error::CacheError;
pub use memory::MemoryCache;
pub use redis::{Found, RedisCache};

/// Keeps bytes for a while. Whoever uses it works without it too: an entry may be gone, or old, at any time.
#[async_trait]
pub trait Cache: Send + Sync {
    /// What is kept under `key`, if anything is.
    async fn get(&self, key: &str) -> Option<Bytes>;

    /// Keeps `value` for at most `time_to_live`.
    async fn put(&self, key: &str, value: Bytes, time_to_live: Duration);

    /// Forgets `key`.
    async fn forget(&self, key: &str);
}
