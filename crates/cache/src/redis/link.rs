//! The connection of the moment. Callers take it as it is; one task in the background replaces it when it is lost.

use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::reach::{Reached, reach};
use crate::address::Address;
use crate::measure;

/// The pause before the third attempt in a row; it doubles with each, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);
/// A connection that lasted this long was a good one: what comes after it is a new story.
const GOOD_FOR: Duration = Duration::from_secs(5);

/// Holds at most one connection. Without one the breaker is open: callers go on at once, as with an empty cache.
#[derive(Default)]
pub(super) struct Link {
    state: Mutex<State>,
    lost: Notify,
}

#[derive(Default)]
struct State {
    live: Option<Live>,
    /// Numbers the connections, so that a late failure of an old one does not cost the new one its place.
    number: u64,
    /// Failures in a row.
    failures: u32,
}

struct Live {
    connection: MultiplexedConnection,
    since: Instant,
}

impl Link {
    /// The connection, with its number.
    pub(super) fn current(&self) -> Option<(MultiplexedConnection, u64)> {
        let state = self.state();
        let live = state.live.as_ref()?;
        Some((live.connection.clone(), state.number))
    }

    /// Gives the connection of that number up, unless that has happened.
    pub(super) fn give_up(&self, number: u64, reason: &dyn Display) {
        let mut state = self.state();
        if state.number != number {
            return;
        }
        let Some(live) = state.live.take() else {
            return;
        };
        if live.since.elapsed() >= GOOD_FOR {
            state.failures = 0;
        }
        state.failures = state.failures.saturating_add(1);
        let failures = state.failures;
        drop(state);
        measure::breaker(true);
        say(failures, reason);
        self.lost.notify_one();
    }

    /// Connects, and connects again whenever the connection was given up. Never ends.
    pub(super) async fn keep_connected(self: Arc<Self>, address: Address) {
        measure::breaker(true);
        loop {
            let pause = pause(self.state().failures);
            sleep(pause).await;
            match reach(&address).await {
                Ok(reached) => {
                    self.install(reached);
                    self.lost.notified().await;
                }
                Err(error) => {
                    let failures = {
                        let mut state = self.state();
                        state.failures = state.failures.saturating_add(1);
                        state.failures
                    };
                    measure::failed("unreachable");
                    say(failures, &error);
                }
            }
        }
    }

    fn install(&self, reached: Reached) {
        let mut state = self.state();
        state.number = state.number.saturating_add(1);
        state.live = Some(Live {
            connection: reached.connection,
            since: Instant::now(),
        });
        drop(state);
        measure::breaker(false);
        tracing::info!(server = %reached.server, "the cache is connected");
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here is left half done by a panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A lost connection is replaced at once; what fails again and again is tried ever less often.
fn pause(failures: u32) -> Duration {
    match failures {
        0 | 1 => Duration::ZERO,
        more => FIRST_PAUSE
            .saturating_mul(1_u32.checked_shl(more.saturating_sub(2)).unwrap_or(u32::MAX))
            .min(LONGEST_PAUSE),
    }
}

/// The first failure of a row is news, the rest of them is not.
fn say(failures: u32, reason: &dyn Display) {
    if failures == 1 {
        tracing::warn!(reason = %reason, "the cache is away; the platform goes on without it");
    } else {
        tracing::debug!(reason = %reason, failures, "the cache is still away");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_failure_costs_no_pause_and_many_a_second_each() {
        for (failures, expected_ms) in [
            (0, 0),
            (1, 0),
            (2, 50),
            (3, 100),
            (6, 800),
            (7, 1_000),
            (40, 1_000),
            (u32::MAX, 1_000),
        ] {
            assert_eq!(pause(failures), Duration::from_millis(expected_ms), "{failures}");
        }
    }
}
