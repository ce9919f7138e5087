//! Notices a reader that lives and brings nothing. What counts is progress, not a heartbeat.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use contracts::Topic;
use tokio::time::Instant;

use crate::log::{Lag, Places};
use crate::record::Cursor;

/// After so long without progress in a partition, although there is something, it barks; and again after as long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// How often it looks within its patience.
const LOOKS: u32 = 3;

/// What it has seen of one consumer.
#[derive(Debug)]
pub(crate) struct Watchdog {
    topic: Topic,
    patience: Duration,
    look_at: Instant,
    /// Where the service stood in each partition that had something, and since when.
    stands: BTreeMap<i32, (Cursor, Instant)>,
}

impl Watchdog {
    pub(crate) fn new(topic: Topic, patience: Duration) -> Self {
        Self {
            topic,
            patience,
            look_at: Instant::now() + patience / LOOKS,
            stands: BTreeMap::new(),
        }
    }

    /// Whether it is time to look.
    pub(crate) fn is_due(&self) -> bool {
        Instant::now() >= self.look_at
    }

    /// Takes note of where the service stands, how much there is for it, and which partitions this copy reads; whether
    /// one of these is too long the same, which is no fault of the reader where it is `failing`: that is seen elsewhere.
    /// A copy that was given none answers for all: it may be the one that is stuck.
    pub(crate) fn barks(&mut self, places: &Places, lag: &Lag, own: &[i32], failing: &BTreeSet<i32>) -> bool {
        let now = self.look(lag);
        self.stands.retain(|partition, (stood, _)| {
            !failing.contains(partition)
                && lag.partitions.get(partition).is_some_and(|behind| *behind > 0)
                && places.get(partition).unwrap_or(&Cursor::start()) == stood
        });
        let moving = |(partition, behind): &(&i32, &i64)| **behind > 0 && !failing.contains(*partition);
        for (partition, _) in lag.partitions.iter().filter(moving) {
            let stands = places.get(partition).cloned().unwrap_or_else(Cursor::start);
            self.stands.entry(*partition).or_insert((stands, now));
        }
        let is_stalled = self.stands.iter().any(|(partition, (_, since))| {
            (own.is_empty() || own.contains(partition)) && now >= *since + self.patience
        });
        if is_stalled {
            self.stands.clear();
            metrics::counter!("jeongsan_consumer_stalls_total", "topic" => self.topic.name).increment(1);
            tracing::warn!(
                topic = self.topic.name,
                lag = lag.total(),
                "nothing has come for a while although there is something; the reader begins anew"
            );
        }
        is_stalled
    }

    /// Looks at a consumer whose steps fail: that is seen elsewhere, and is no fault of its reader.
    pub(crate) fn overlook(&mut self, lag: &Lag) {
        self.look(lag);
        self.stands.clear();
    }

    fn look(&mut self, lag: &Lag) -> Instant {
        let now = Instant::now();
        self.look_at = now + self.patience / LOOKS;
        // Above 2^32 the exact number matters to nobody.
        let shown = u32::try_from(lag.total().max(0)).unwrap_or(u32::MAX);
        metrics::gauge!("jeongsan_consumer_lag", "topic" => self.topic.name).set(shown);
        now
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watchdog() -> Watchdog {
        Watchdog::new(contracts::topics::PAYMENT_COMPLETED, PATIENCE)
    }

    fn lag(partitions: &[(i32, i64)]) -> Lag {
        Lag {
            unsequenced: 0,
            partitions: partitions.iter().copied().collect(),
        }
    }

    fn places(places: &[(i32, i64)]) -> Places {
        places.iter().map(|(p, s)| (*p, Cursor::at(*s))).collect()
    }

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
            (20, 2, 5, false),
            (10, 2, 5, true),
        ];
        let mut watchdog = watchdog();
        for (at, (pause, place, behind, expected)) in looks.into_iter().enumerate() {
            tokio::time::advance(Duration::from_secs(pause)).await;
            assert!(watchdog.is_due());
            let barks = watchdog.barks(
                &places(&[(0, place)]),
                &lag(&[(0, behind)]),
                &[0],
                &BTreeSet::new(),
            );
            assert_eq!(barks, expected, "look {at}");
            assert!(!watchdog.is_due());
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_partition_that_stands_still_is_seen_although_the_others_move() {
        // The partitions that this copy reads, and whether it is the one to begin anew.
        for (own, expected) in [
            (vec![0, 1], true),
            (vec![1], true),
            (vec![0], false),
            (vec![], true),
        ] {
            let mut watchdog = watchdog();
            let mut barked = false;
            for moved in 0..5 {
                barked |= watchdog.barks(
                    &places(&[(0, moved)]),
                    &lag(&[(0, 9), (1, 1)]),
                    &own,
                    &BTreeSet::new(),
                );
                tokio::time::advance(Duration::from_secs(10)).await;
            }
            assert_eq!(barked, expected, "{own:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_nobody_can_read_yet_is_no_fault_of_the_reader() {
        let mut watchdog = watchdog();
        let unsequenced = Lag {
            unsequenced: 7,
            ..lag(&[(0, 0)])
        };
        for _ in 0..5 {
            assert!(!watchdog.barks(&places(&[(0, 3)]), &unsequenced, &[0], &BTreeSet::new()));
            tokio::time::advance(Duration::from_secs(10)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn while_steps_fail_it_is_silent() {
        let mut watchdog = watchdog();
        let (stands, behind) = (places(&[(0, 3)]), lag(&[(0, 2)]));
        for _ in 0..5 {
            watchdog.overlook(&behind);
            tokio::time::advance(Duration::from_secs(10)).await;
        }
        assert!(!watchdog.barks(&stands, &behind, &[0], &BTreeSet::new()));
        tokio::time::advance(PATIENCE).await;
        assert!(watchdog.barks(&stands, &behind, &[0], &BTreeSet::new()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_partition_that_fails_is_not_its_reader_s_fault() {
        let mut watchdog = watchdog();
        let (stands, behind) = (places(&[(0, 3), (1, 3)]), lag(&[(0, 2), (1, 2)]));
        for (failing, expected) in [(vec![0, 1], false), (vec![0], true)] {
            let failing = failing.into_iter().collect();
            let mut barked = false;
            for _ in 0..5 {
                barked |= watchdog.barks(&stands, &behind, &[0, 1], &failing);
                tokio::time::advance(Duration::from_secs(10)).await;
            }
            assert_eq!(barked, expected, "{failing:?}");
        }
    }
}
