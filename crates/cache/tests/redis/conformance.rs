//! What every cache does, wherever it keeps things.

use std::sync::Arc;

use cache::MemoryCache;

use super::*;

/// The promises of [`Cache`], each under keys of its own.
async fn conforms(cache: Arc<dyn Cache>) {
    let value = Bytes::from_static(b"value");
    assert_eq!(cache.get("nothing").await, None, "what was never put");

    cache.put("kept", value.clone(), MINUTE).await;
    assert_eq!(cache.get("kept").await, Some(value.clone()), "what was put");

    cache.put("kept", Bytes::from_static(b"newer"), MINUTE).await;
    assert_eq!(
        cache.get("kept").await.as_deref(),
        Some(b"newer".as_slice()),
        "the last one put"
    );

    cache.forget("kept").await;
    assert_eq!(cache.get("kept").await, None, "what was forgotten");
    cache.forget("nothing").await;

    cache.put("over", value.clone(), MINUTE).await;
    cache.put("over", value.clone(), Duration::ZERO).await;
    assert_eq!(cache.get("over").await, None, "what is over at once");

    for (name, value) in [
        ("empty", Bytes::new()),
        ("zero bytes", Bytes::from_static(b"\0\r\n\0$-1\r\n")),
        ("large", Bytes::from(vec![7; 256 * 1_024])),
    ] {
        let key = format!("of {name}\r\n:결제");
        cache.put(&key, value.clone(), MINUTE).await;
        assert_eq!(cache.get(&key).await, Some(value), "{name}");
    }

    let life = Duration::from_millis(300);
    let begin = Instant::now();
    cache.put("short", value.clone(), life).await;
    let at_once = cache.get("short").await;
    assert!(
        at_once.is_some() || begin.elapsed() >= life,
        "it lives before its time is over"
    );
    let gone = async { while cache.get("short").await.is_some() {} };
    assert!(
        timeout(PATIENCE, gone).await.is_ok(),
        "it is over when its time is"
    );
    assert!(begin.elapsed() >= life, "and not before");

    let tasks: Vec<_> = (0..200_u32)
        .map(|number| {
            let cache = Arc::clone(&cache);
            tokio::spawn(async move {
                let (key, value) = (format!("many:{number}"), Bytes::from(number.to_string()));
                cache.put(&key, value.clone(), MINUTE).await;
                assert_eq!(cache.get(&key).await, Some(value), "{key}");
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_keeps_the_promises_of_a_cache() {
    conforms(Arc::new(MemoryCache::new(1_000))).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn redis_keeps_the_promises_of_a_cache() {
    let server = RedisServer::start(PASSWORD).await.unwrap();
    let cache = plain(&server);
    until_kept(&cache, PATIENCE).await;
    conforms(Arc::new(cache)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sentinels_lead_to_a_cache_that_keeps_its_promises() {
    let servers = RedisSentinel::start(PASSWORD).await.unwrap();
    let cache = watched(&servers);
    until_kept(&cache, PATIENCE).await;
    conforms(Arc::new(cache)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_share_what_redis_keeps_for_as_long_as_was_said() {
    let server = RedisServer::start(PASSWORD).await.unwrap();
    let (one, other) = (plain(&server), plain(&server));
    until_kept(&one, PATIENCE).await;
    until_kept(&other, PATIENCE).await;
    one.put("shared", Bytes::from_static(b"1"), Duration::from_hours(24))
        .await;
    assert_eq!(other.get("shared").await.as_deref(), Some(b"1".as_slice()));
    let left_ms = server.left_ms(2, "shared").await.unwrap();
    assert!((86_300_000..=86_400_000).contains(&left_ms), "{left_ms}");
}
