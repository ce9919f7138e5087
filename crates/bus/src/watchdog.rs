//! Notices a consumer that lives and takes nothing in. What counts is progress, not a heartbeat.

use std::time::Duration;

use contracts::Topic;
use tokio::time::Instant;

use crate::log::Places;

/// How often it looks.
const PERIOD: Duration = Duration::from_secs(10);
/// After so long without progress, although there is something, it barks; and again after as long.
const PATIENCE: Duration = Duration::from_secs(30);

/// What it has seen of one consumer.
#[derive(Debug)]
pub(crate) struct Watchdog {
    topic: Topic,
    look_at: Instant,
    places: Places,
    since: Instant,
}

impl Watchdog {
    pub(crate) fn new(topic: Topic) -> Self {
        let now = Instant::now();
        Self {
            topic,
            look_at: now + PERIOD,
            places: Places::new(),
            since: now,
        }
    }

    /// Whether it is time to look.
    pub(crate) fn is_due(&self) -> bool {
        Instant::now() >= self.look_at
    }

    /// Takes note of where the consumer stands and how much there is for it; whether that is too long the same.
    pub(crate) fn barks(&mut self, places: Places, lag: i64) -> bool {
        let now = Instant::now();
        self.look_at = now + PERIOD;
        // Above 2^32 the exact number matters to nobody.
        let shown = u32::try_from(lag.max(0)).unwrap_or(u32::MAX);
        metrics::gauge!("jeongsan_consumer_lag", "topic" => self.topic.name).set(shown);
        if lag <= 0 || places != self.places {
            self.places = places;
            self.since = now;
            return false;
        }
        let is_stalled = now >= self.since + PATIENCE;
        if is_stalled {
            self.since = now;
            metrics::counter!("jeongsan_consumer_stalls_total", "topic" => self.topic.name).increment(1);
            tracing::warn!(
                topic = self.topic.name,
                lag,
                "nothing has come for a while although there is something; the reader begins anew"
            );
        }
        is_stalled
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Cursor;

    #[tokio::test(start_paused = true)]
    async fn it_barks_when_something_is_there_and_nothing_moves() {
        // Seconds of silence before, where the consumer stands, how much there is, and whether it barks.
        let looks = [
            (10, 1, 5, false),
            (10, 2, 5, false),
            (20, 2, 5, false),
            (10, 2, 5, true),
            (10, 2, 5, false),
            (20, 2, 0, false),
            (20, 2, 5, false),
            (10, 2, 5, true),
        ];
        let mut watchdog = Watchdog::new(contracts::topics::PAYMENT_COMPLETED);
        for (at, (pause, place, lag, expected)) in looks.into_iter().enumerate() {
            tokio::time::advance(Duration::from_secs(pause)).await;
            assert!(watchdog.is_due());
            let places = Places::from([(0, Cursor::at(place))]);
            assert_eq!(watchdog.barks(places, lag), expected, "look {at}");
            assert!(!watchdog.is_due());
        }
    }
}
