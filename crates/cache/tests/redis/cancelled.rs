//! Callers that go away in the middle.

use std::sync::Arc;

use super::*;

const KEYS: u32 = 300;

fn key(number: u32) -> String {
    format!("cancelled:{number}")
}

fn value(number: u32) -> Bytes {
    // Of very different lengths, so that an answer that is read in the wrong place is never right by chance.
    let length = usize::try_from(number % 7).unwrap() * 500;
    Bytes::from(format!("{number}:{}", "x".repeat(length)))
}

#[tokio::test(flavor = "multi_thread")]
async fn after_cancelled_calls_every_answer_belongs_to_its_question() {
    let server = RedisServer::start(PASSWORD).await.unwrap();
    let cache = Arc::new(plain(&server));
    until_kept(&cache, PATIENCE).await;
    for number in 0..KEYS {
        cache.put(&key(number), value(number), MINUTE).await;
    }
    for round in 0..10_u32 {
        let calls: Vec<_> = (0..KEYS)
            .map(|number| {
                let cache = Arc::clone(&cache);
                tokio::spawn(async move { cache.get(&key(number)).await })
            })
            .collect();
        for (number, call) in (0..KEYS).zip(&calls) {
            // Some before they are sent, some while they wait, some too late.
            if (number + round) % 3 != 0 {
                call.abort();
            }
            if number % 16 == 0 {
                tokio::task::yield_now().await;
            }
        }
        for (number, call) in (0..KEYS).zip(calls) {
            match call.await {
                // A call may be too slow on a busy machine; what it must not have is another one's answer.
                Ok(answer) => assert!(answer.is_none() || answer == Some(value(number)), "{number}"),
                Err(error) => assert!(error.is_cancelled(), "{error}"),
            }
        }
    }
    until_kept(&cache, PATIENCE).await;
    for number in 0..KEYS {
        assert_eq!(cache.get(&key(number)).await, Some(value(number)), "{number}");
    }
}
