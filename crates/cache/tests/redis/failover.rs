//! The master changes: by accident, and in order.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::*;

/// What the way back may take: the sentinels need 2 s to believe that the master is gone, and some to agree.
const BACK_WITHIN: Duration = Duration::from_secs(15);
/// What a call may take while the master is away, on a machine that wakes us in time.
const CALL_LIMIT: Duration = Duration::from_millis(60);

/// Callers that read and write all the time and note their slowest call.
struct Traffic {
    stop: Arc<AtomicBool>,
    callers: Vec<tokio::task::JoinHandle<(Duration, u32)>>,
    lateness: Lateness,
}

impl Traffic {
    fn on(cache: &Arc<RedisCache>) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let callers = (0..4_u32)
            .map(|caller| {
                let (cache, stop) = (Arc::clone(cache), Arc::clone(&stop));
                tokio::spawn(async move {
                    let (mut slowest, mut calls) = (Duration::ZERO, 0_u32);
                    let key = format!("traffic:{caller}");
                    while !stop.load(Ordering::Relaxed) {
                        for writes in [true, false] {
                            let begin = Instant::now();
                            if writes {
                                cache.put(&key, Bytes::from_static(b"1"), MINUTE).await;
                            } else {
                                cache.get(&key).await;
                            }
                            slowest = slowest.max(begin.elapsed());
                            calls += 1;
                        }
                        sleep(Duration::from_millis(2)).await;
                    }
                    (slowest, calls)
                })
            })
            .collect();
        Self {
            stop,
            callers,
            lateness: Lateness::watch(),
        }
    }

    /// No call took longer than it may.
    async fn end(self) {
        self.stop.store(true, Ordering::Relaxed);
        let (mut slowest, mut calls) = (Duration::ZERO, 0);
        for caller in self.callers {
            let (its_slowest, its_calls) = caller.await.unwrap();
            slowest = slowest.max(its_slowest);
            calls += its_calls;
        }
        let late = self.lateness.worst();
        println!("{calls} calls, the slowest {slowest:?}; the machine was up to {late:?} late");
        assert!(calls > 100, "{calls}");
        assert!(
            slowest <= CALL_LIMIT + late,
            "a call took {slowest:?}; the machine was {late:?} late"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn after_the_master_is_killed_the_cache_comes_back_by_itself() {
    let mut servers = RedisSentinel::start(PASSWORD).await.unwrap();
    let cache = Arc::new(watched(&servers));
    until_kept(&cache, PATIENCE).await;
    let traffic = Traffic::on(&cache);
    let killed = servers.kill_master().await.unwrap();
    let back = until_kept(&cache, BACK_WITHIN).await;
    traffic.end().await;
    let master = servers.master().await.unwrap();
    println!("killed {killed}, back on {master} after {back:?}");
    assert_ne!(master, killed);

    // The dead one returns as a replica, and nobody notices.
    servers.restart_dead().await.unwrap();
    assert_eq!(servers.master().await, Some(master));
    until_kept(&cache, BACK_WITHIN).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_that_hangs_is_left_for_the_new_one() {
    let mut servers = RedisSentinel::start(PASSWORD).await.unwrap();
    let cache = Arc::new(watched(&servers));
    until_kept(&cache, PATIENCE).await;
    let traffic = Traffic::on(&cache);
    let hung = servers.master().await.unwrap();
    servers.pause(hung);
    until_away(&cache).await;
    let back = until_kept(&cache, BACK_WITHIN).await;
    println!("{hung} hangs, back after {back:?}");

    // It wakes up, believes to be the master, and is told otherwise: nobody falls for it.
    servers.resume(hung);
    servers.together().await.unwrap();
    assert_ne!(servers.master().await, Some(hung));
    until_kept(&cache, BACK_WITHIN).await;
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_failover_in_order_the_cache_follows() {
    let servers = RedisSentinel::start(PASSWORD).await.unwrap();
    let cache = Arc::new(watched(&servers));
    until_kept(&cache, PATIENCE).await;
    let before = servers.master().await.unwrap();
    let traffic = Traffic::on(&cache);
    servers.fail_over().await.unwrap();
    let begin = Instant::now();
    let other = async {
        while servers.master().await.is_none_or(|master| master == before) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(
        timeout(PATIENCE, other).await.is_ok(),
        "the sentinels do not agree"
    );
    let back = until_kept(&cache, BACK_WITHIN).await;
    println!(
        "another master after {:?}, the cache {back:?} later",
        begin.elapsed()
    );
    traffic.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_without_replicas_takes_nothing_and_is_asked_again() {
    let mut servers = RedisSentinel::start(PASSWORD).await.unwrap();
    let cache = watched(&servers);
    until_kept(&cache, PATIENCE).await;
    let master = servers.master().await.unwrap();
    let replicas: Vec<_> = servers
        .server_ports()
        .into_iter()
        .filter(|port| *port != master)
        .collect();
    for port in &replicas {
        servers.kill(*port);
    }
    let refused = async {
        let value = Bytes::from_static(b"never acknowledged");
        loop {
            cache.forget("alone").await;
            cache.put("alone", value.clone(), MINUTE).await;
            if !cache.is_connected() {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    assert!(
        timeout(PATIENCE, refused).await.is_ok(),
        "the cache clings to a master that takes nothing"
    );
    servers.restart_dead().await.unwrap();
    until_kept(&cache, BACK_WITHIN).await;
}
