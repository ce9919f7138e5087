//! The cache of each service: one Redis for all, or memory for each.

use std::sync::Arc;

use cache::{Address, AddressError, Cache, MemoryCache, RedisCache};

use crate::Settings;

/// Entries of each service's cache in memory.
const MEMORY_ENTRIES: usize = 10_000;

/// Where the services of this process get their caches from.
pub(crate) struct Caches(Option<Arc<RedisCache>>);

impl Caches {
    /// As `cache.url` says. A Redis that does not answer keeps nobody from starting: it is connected in the background.
    pub(crate) fn new(settings: &Settings) -> Result<Self, AddressError> {
        let address = cache_address(settings)?;
        Ok(Self(address.map(|address| Arc::new(RedisCache::new(address)))))
    }

    /// The cache of one service. Keys begin with what they are of, so that services can share one.
    pub(crate) fn for_service(&self) -> Arc<dyn Cache> {
        match &self.0 {
            Some(redis) => Arc::<RedisCache>::clone(redis),
            None => Arc::new(MemoryCache::new(MEMORY_ENTRIES)),
        }
    }
}

/// Where the cache is; none where each process keeps its own in memory.
///
/// # Errors
/// [`AddressError`] where `cache.url` is none. It never shows the address, since that may hold a password.
pub fn cache_address(settings: &Settings) -> Result<Option<Address>, AddressError> {
    settings.given("cache.url").map(str::parse).transpose()
}
