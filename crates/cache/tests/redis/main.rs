//! The cache on real servers: what every cache does, and what happens when Redis fails.
#![allow(clippy::unwrap_used, reason = "what the tests share panics like the tests")]

mod away;
mod cancelled;
mod conformance;
mod encrypted;
mod failover;

use std::time::Duration;

use bytes::Bytes;
use cache::{Cache, RedisCache};
use servers::{RedisSentinel, RedisServer};
use tokio::time::{Instant, sleep, timeout};

/// With everything in it that an address has to escape, and nothing that a file of settings would.
const PASSWORD: &str = "p@ss/w:rd?%";
const ESCAPED: &str = "p%40ss%2Fw%3Ard%3F%25";
/// Far more than a healthy server takes.
const PATIENCE: Duration = Duration::from_secs(30);
const MINUTE: Duration = Duration::from_mins(1);

fn plain(server: &RedisServer) -> RedisCache {
    let url = format!("redis://:{ESCAPED}@127.0.0.1:{}/2", server.port());
    RedisCache::new(url.parse().unwrap())
}

fn watched(servers: &RedisSentinel) -> RedisCache {
    let sentinels: Vec<_> = servers
        .sentinel_ports()
        .iter()
        .map(|port| format!("127.0.0.1:{port}"))
        .collect();
    let (hosts, master) = (sentinels.join(","), servers.master_name());
    let url = format!("redis+sentinel://:{ESCAPED}@{hosts}/{master}?db=2");
    RedisCache::new(url.parse().unwrap())
}

/// Waits until the cache keeps what it is given.
async fn until_kept(cache: &RedisCache, limit: Duration) -> Duration {
    let begin = Instant::now();
    let waiting = async {
        for turn in 0_u32.. {
            let value = Bytes::from(turn.to_string());
            cache.put("until-kept", value.clone(), MINUTE).await;
            if cache.get("until-kept").await == Some(value) {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let in_time = timeout(limit, waiting).await;
    assert!(in_time.is_ok(), "the cache keeps nothing after {limit:?}");
    begin.elapsed()
}

/// Waits until the cache has noticed that Redis is away.
async fn until_away(cache: &RedisCache) {
    let waiting = async {
        while cache.is_connected() {
            cache.get("anything").await;
        }
    };
    let in_time = timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "the cache does not notice");
}

/// How late this machine wakes a task that sleeps as long as a call may wait, at worst: what a busy machine adds to
/// the duration of a call is none of the cache's.
struct Lateness(
    tokio::task::JoinHandle<()>,
    std::sync::Arc<std::sync::Mutex<Duration>>,
);

impl Lateness {
    fn watch() -> Self {
        const NAP: Duration = Duration::from_millis(40);
        let worst = std::sync::Arc::new(std::sync::Mutex::new(Duration::ZERO));
        let seen = std::sync::Arc::clone(&worst);
        let task = tokio::spawn(async move {
            loop {
                let begin = Instant::now();
                sleep(NAP).await;
                let late = begin.elapsed().saturating_sub(NAP);
                let mut worst = seen.lock().unwrap();
                *worst = (*worst).max(late);
            }
        });
        Self(task, worst)
    }

    fn worst(self) -> Duration {
        self.0.abort();
        *self.1.lock().unwrap()
    }
}
