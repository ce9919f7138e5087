//! Redis is not there at all.

use super::*;

/// Calls of which none may wait.
const CALLS: u32 = 200;

/// While Redis is away nobody waits for it: many calls together take less than one deadline each, by far.
pub async fn answers_at_once(cache: &RedisCache) {
    let lateness = Lateness::watch();
    let begin = Instant::now();
    for _ in 0..CALLS {
        assert_eq!(cache.get("away").await, None);
        cache.put("away", Bytes::from_static(b"1"), MINUTE).await;
        cache.forget("away").await;
    }
    let (took, late) = (begin.elapsed(), lateness.worst());
    println!("{} calls took {took:?}", 3 * CALLS);
    assert!(took <= Duration::from_millis(200) + late, "{took:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_calls_answer_at_once_and_with_it_they_come_back() {
    let mut server = RedisServer::start(PASSWORD).await.unwrap();
    let cache = plain(&server);
    until_kept(&cache, PATIENCE).await;
    server.kill();
    until_away(&cache).await;
    answers_at_once(&cache).await;
    server.restart().await.unwrap();
    until_kept(&cache, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_that_hangs_costs_one_deadline_and_comes_back() {
    let server = RedisServer::start(PASSWORD).await.unwrap();
    let cache = plain(&server);
    until_kept(&cache, PATIENCE).await;
    server.pause();
    until_away(&cache).await;
    answers_at_once(&cache).await;
    server.resume();
    until_kept(&cache, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn all_of_redis_may_go_and_come_back() {
    let mut servers = RedisSentinel::start(PASSWORD).await.unwrap();
    let cache = watched(&servers);
    until_kept(&cache, PATIENCE).await;
    servers.kill_all();
    until_away(&cache).await;
    answers_at_once(&cache).await;
    servers.restart_dead().await.unwrap();
    until_kept(&cache, PATIENCE).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cache_may_start_before_its_redis() {
    let port = servers::free_block(1).unwrap();
    let url = format!("redis://127.0.0.1:{port}");
    let cache = RedisCache::new(url.parse().unwrap());
    answers_at_once(&cache).await;
    let error = RedisCache::look(&url.parse().unwrap()).await.unwrap_err();
    assert!(
        error.to_string().contains(&format!("127.0.0.1:{port}")),
        "{error}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_looks_is_told_what_is_wrong() {
    let server = RedisServer::start(PASSWORD).await.unwrap();
    let port = server.port();
    for (url, says) in [
        (format!("redis://:wrong@127.0.0.1:{port}"), "assword"),
        (format!("redis://:{ESCAPED}@127.0.0.1:{port}/99"), "database"),
        (format!("rediss://:{ESCAPED}@127.0.0.1:{port}"), "127.0.0.1"),
        (
            format!("redis+sentinel://:{ESCAPED}@127.0.0.1:{port}/m"),
            "no sentinel leads to the master m",
        ),
    ] {
        let error = RedisCache::look(&url.parse().unwrap())
            .await
            .unwrap_err()
            .to_string();
        assert!(error.contains(says), "{url}: {error}");
        assert!(!error.contains(PASSWORD), "{error}");
    }
    let url = format!("redis://:{ESCAPED}@127.0.0.1:{port}");
    let found = RedisCache::look(&url.parse().unwrap()).await.unwrap();
    assert_eq!(
        (found.server, found.replicas),
        (format!("127.0.0.1:{port}"), None)
    );
}
