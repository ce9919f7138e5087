//! Answers that were kept, at hand: they speed a repeat up and never decide.

use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use cache::Cache;
use futures::{FutureExt as _, StreamExt as _, stream};
use once::{Answer, KeyedRequest};

/// How long an answer is at hand.
const TIME_TO_LIVE: Duration = Duration::from_hours(24);

/// The longest body of an answer that is put at hand, in bytes. A payment with one line takes less than 1 KiB and one
/// with fifty stays below this; with 500 lines of 20 discounts each it takes more than 500 KiB, and a cache that
/// counts its entries would hold as many of those. The database answers the rare repeat of such a one.
const LONGEST: usize = 16 * 1024;
/// Answers that are put away at the same time: a group's callers wait for them, so that it must not be one by one.
const SIDE_BY_SIDE: usize = 32;

/// Answers by `payment:{...}`, the braces holding the hash of caller, route and key. An answer is put here only after
/// the database has it, so what is found is true; what is not found is looked for in the database.
pub(super) struct Hints(Arc<dyn Cache>);

impl Hints {
    pub(super) fn new(cache: Arc<dyn Cache>) -> Self {
        Self(cache)
    }

    /// The answer to exactly this request.
    pub(super) async fn get(&self, key: &KeyedRequest) -> Option<Answer> {
        let kept = self.0.get(&name(key)).await?;
        let (fingerprint, rest) = kept.split_at_checked(32)?;
        let (status, body) = rest.split_at_checked(2)?;
        if fingerprint != key.fingerprint {
            return None;
        }
        Some(Answer {
            status: u16::from_be_bytes(status.try_into().ok()?),
            body: body.to_vec(),
            subject: None,
        })
    }

    /// Keeps an answer that is committed, if it is not too long.
    pub(super) async fn put(&self, key: &KeyedRequest, answer: &Answer) {
        if let Some(kept) = entry(key, answer) {
            self.0.put(&name(key), kept, TIME_TO_LIVE).await;
        }
    }

    /// Keeps many of them in a while: nobody waits for it.
    pub(super) fn put_soon<'a>(&self, all: impl Iterator<Item = (&'a KeyedRequest, &'a Answer)>) {
        let cache = Arc::clone(&self.0);
        let entries: Vec<_> = all
            .filter_map(|(key, answer)| Some((name(key), entry(key, answer)?)))
            .collect();
        let mut putting = Box::pin(async move {
            let cache = &cache;
            let put =
                |(name, kept): (String, Bytes)| async move { cache.put(&name, kept, TIME_TO_LIVE).await };
            stream::iter(entries).for_each_concurrent(SIDE_BY_SIDE, put).await;
        });
        // A cache in this process is through at once, without a task that another thread would be woken for.
        if putting.as_mut().now_or_never().is_none() {
            tokio::spawn(putting);
        }
    }

    /// Keeps many of them.
    pub(super) async fn put_all<'a>(&self, all: impl Iterator<Item = (&'a KeyedRequest, &'a Answer)>) {
        let puts = |(key, answer)| self.put(key, answer);
        stream::iter(all).for_each_concurrent(SIDE_BY_SIDE, puts).await;
    }
}

/// What is kept of an answer; none where it is too long.
fn entry(key: &KeyedRequest, answer: &Answer) -> Option<Bytes> {
    if answer.body.len() > LONGEST {
        return None;
    }
    let mut kept = BytesMut::with_capacity(34 + answer.body.len());
    kept.put_slice(&key.fingerprint);
    kept.put_u16(answer.status);
    kept.put_slice(&answer.body);
    Some(kept.freeze())
}

fn name(key: &KeyedRequest) -> String {
    format!("payment:{}", hex::encode(key.scope))
}

#[cfg(test)]
mod tests {
    use super::*;
    use cache::MemoryCache;

    #[tokio::test]
    async fn a_long_answer_is_left_to_the_database() {
        let hints = Hints::new(Arc::new(MemoryCache::new(10)));
        for (number, length, is_at_hand) in [(1, 0, true), (2, LONGEST, true), (3, LONGEST + 1, false)] {
            let key = KeyedRequest {
                scope: [number; 32],
                fingerprint: [number; 32],
            };
            let answer = Answer {
                status: 201,
                body: vec![b' '; length],
                subject: None,
            };
            hints.put(&key, &answer).await;
            assert_eq!(hints.get(&key).await.is_some(), is_at_hand, "{length}");
        }
    }

    #[tokio::test]
    async fn an_answer_is_found_by_the_same_request_only() {
        let hints = Hints::new(Arc::new(MemoryCache::new(10)));
        let key = KeyedRequest {
            scope: [1; 32],
            fingerprint: [2; 32],
        };
        let answer = Answer {
            status: 201,
            body: b"{}".to_vec(),
            subject: None,
        };
        hints.put(&key, &answer).await;
        assert_eq!(hints.get(&key).await, Some(answer));
        let other_body = KeyedRequest {
            fingerprint: [3; 32],
            ..key
        };
        let other_key = KeyedRequest {
            scope: [4; 32],
            ..key
        };
        assert_eq!(hints.get(&other_body).await, None);
        assert_eq!(hints.get(&other_key).await, None);
    }
}
