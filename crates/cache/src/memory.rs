//! A cache in the process's own memory, for one process and for tests.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use bytes::Bytes;

use crate::Cache;
use crate::measure::{self, Read};

/// Keeps at most a given number of entries; when it is full, what has run out goes first, then everything.
#[derive(Debug)]
pub struct MemoryCache {
    entries: Mutex<HashMap<String, (Instant, Bytes)>>,
    capacity: usize,
}

impl MemoryCache {
    /// A cache of at most `capacity` entries.
    pub fn new(capacity: usize) -> Self {
        Self {
            entries: Mutex::default(),
            capacity,
        }
    }

    fn found(&self, key: &str) -> Option<Bytes> {
        let mut entries = self.entries.lock().ok()?;
        match entries.get(key) {
            Some((until, value)) if Instant::now() < *until => Some(value.clone()),
            Some(_) => {
                entries.remove(key);
                None
            }
            None => None,
        }
    }
}

#[async_trait]
impl Cache for MemoryCache {
    async fn get(&self, key: &str) -> Option<Bytes> {
        let found = self.found(key);
        measure::read(if found.is_some() { Read::Hit } else { Read::Miss });
        found
    }

    async fn put(&self, key: &str, value: Bytes, time_to_live: Duration) {
        let Ok(mut entries) = self.entries.lock() else {
            return;
        };
        if entries.len() >= self.capacity {
            let now = Instant::now();
            entries.retain(|_, (until, _)| now < *until);
            if entries.len() >= self.capacity {
                entries.clear();
            }
        }
        entries.insert(key.to_owned(), (Instant::now() + time_to_live, value));
    }

    async fn forget(&self, key: &str) {
        if let Ok(mut entries) = self.entries.lock() {
            entries.remove(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_entry_is_kept_until_its_time_is_over() {
        let cache = MemoryCache::new(2);
        cache
            .put("a", Bytes::from_static(b"1"), Duration::from_mins(1))
            .await;
        cache.put("b", Bytes::from_static(b"2"), Duration::ZERO).await;
        assert_eq!(cache.get("a").await.as_deref(), Some(b"1".as_slice()));
        assert_eq!(cache.get("b").await, None);
    }

    #[tokio::test]
    async fn a_full_cache_makes_room() {
        let cache = MemoryCache::new(1);
        for key in ["a", "b", "c"] {
            cache.put(key, Bytes::new(), Duration::from_mins(1)).await;
        }
        assert!(cache.get("c").await.is_some());
        assert!(cache.get("a").await.is_none());
    }
}
