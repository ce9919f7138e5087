//! What clients saw.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// An answer of success to one payment.
#[derive(Debug, Clone)]
pub(crate) struct Acknowledged {
    pub(crate) n: u64,
    pub(crate) payment_id: String,
    pub(crate) at: Instant,
}

/// What all clients saw together.
#[derive(Debug, Default, Clone)]
pub(crate) struct Seen {
    /// Payments begun.
    pub(crate) begun: u64,
    pub(crate) acknowledged: Vec<Acknowledged>,
    /// What kept clients from an answer, and how often.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Answers that the request was still being worked on: not errors.
    pub(crate) in_progress: u64,
    /// Requests repeated.
    pub(crate) repeats: u64,
    /// Refused for good, with what was said.
    pub(crate) refused: Vec<String>,
    /// Never answered, however often asked.
    pub(crate) unanswered: Vec<u64>,
    /// Changes of partners that were answered with success.
    pub(crate) renamed: u64,
}

impl Seen {
    pub(crate) fn error(&mut self, kind: &str) {
        *self.errors.entry(kind.to_owned()).or_default() += 1;
    }

    pub(crate) fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }

    /// The longest time without an acknowledgement between these instants.
    pub(crate) fn longest_pause(&self, from: Instant, to: Instant) -> Duration {
        let mut instants: Vec<Instant> = self.acknowledged.iter().map(|a| a.at).collect();
        instants.retain(|at| (from..to).contains(at));
        instants.push(to);
        instants.sort();
        let mut before = from;
        let mut longest = Duration::ZERO;
        for at in instants {
            longest = longest.max(at - before);
            before = at;
        }
        longest
    }

    /// From an instant to the first acknowledgement after it.
    pub(crate) fn first_after(&self, instant: Instant) -> Option<Duration> {
        let later = self.acknowledged.iter().filter(|a| a.at >= instant);
        later.map(|a| a.at - instant).min()
    }
}

/// Held for a moment only. A panic elsewhere does not change what was seen.
pub(crate) fn lock(seen: &Mutex<Seen>) -> MutexGuard<'_, Seen> {
    seen.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(start: Instant, at_ms: &[u64]) -> Seen {
        let acknowledged = at_ms.iter().map(|ms| Acknowledged {
            n: *ms,
            payment_id: String::new(),
            at: start + Duration::from_millis(*ms),
        });
        Seen {
            acknowledged: acknowledged.collect(),
            ..Seen::default()
        }
    }

    #[test]
    fn a_pause_is_counted_at_the_beginning_in_the_middle_and_at_the_end() {
        let start = Instant::now();
        for (at_ms, expected_ms) in [
            (vec![], 1_000),
            (vec![400, 500, 600], 400),
            (vec![100, 900, 200], 700),
            (vec![100, 200, 2_000], 800),
        ] {
            let pause = seen(start, &at_ms).longest_pause(start, start + Duration::from_secs(1));
            assert_eq!(pause, Duration::from_millis(expected_ms), "{at_ms:?}");
        }
    }

    #[test]
    fn the_first_after_an_instant_is_not_before_it() {
        let start = Instant::now();
        let seen = seen(start, &[10, 700, 600]);
        let first = seen.first_after(start + Duration::from_millis(100));
        assert_eq!(first, Some(Duration::from_millis(500)));
        assert_eq!(seen.first_after(start + Duration::from_secs(1)), None);
    }
}
