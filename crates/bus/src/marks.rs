//! When a relay says how far a partition goes.

use std::collections::BTreeMap;
use std::time::Duration;

use contracts::Topic;
use tokio::time::Instant;

use crate::broker::Mark;

/// How often a busy relay says it; an idle one says it at once.
const WHILE_BUSY: Duration = Duration::from_secs(1);
/// The pause before the first repetition; each further one is twice as long.
const FIRST: Duration = Duration::from_secs(1);
/// The longest pause between two repetitions.
const LONGEST: Duration = Duration::from_mins(1);

/// What was said, and when it is to be said again: a watermark can be lost like anything else.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    said: BTreeMap<(Topic, i32), Said>,
    looked_at: Option<Instant>,
}

#[derive(Debug)]
struct Said {
    sequence: i64,
    again_at: Instant,
    pause: Duration,
}

impl Marks {
    /// The watermarks that are due, where `ends` are the last safe sequences; they count as said.
    pub(crate) fn due(
        &mut self,
        ends: impl Iterator<Item = ((Topic, i32), i64)>,
        is_idle: bool,
    ) -> Vec<Mark> {
        let now = Instant::now();
        if !is_idle && self.looked_at.is_some_and(|at| now < at + WHILE_BUSY) {
            return Vec::new();
        }
        self.looked_at = Some(now);
        ends.filter(|(place, sequence)| *sequence > 0 && self.say(*place, *sequence, now))
            .map(|((topic, partition), sequence)| Mark {
                topic,
                partition,
                sequence,
            })
            .collect()
    }

    fn say(&mut self, place: (Topic, i32), sequence: i64, now: Instant) -> bool {
        let pause = match self.said.get(&place) {
            Some(said) if said.sequence == sequence && now < said.again_at => return false,
            Some(said) if said.sequence == sequence => LONGEST.min(said.pause * 2),
            _ => FIRST,
        };
        let again_at = now + pause;
        self.said.insert(
            place,
            Said {
                sequence,
                again_at,
                pause,
            },
        );
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_new_end_is_said_at_once_and_again_ever_less_often() {
        let place = (contracts::topics::PAYMENT_COMPLETED, 3);
        let mut marks = Marks::default();
        let mut said_at = Vec::new();
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_mins(5) {
            if !marks.due(std::iter::once((place, 7)), true).is_empty() {
                said_at.push(begin.elapsed().as_secs());
            }
            tokio::time::advance(Duration::from_millis(500)).await;
        }
        assert_eq!(said_at, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
        let (topic, partition) = place;
        let mark = Mark {
            topic,
            partition,
            sequence: 8,
        };
        assert_eq!(marks.due(std::iter::once((place, 8)), true), [mark]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_relay_says_it_once_a_second() {
        let place = (contracts::topics::PAYMENT_COMPLETED, 0);
        let mut marks = Marks::default();
        let mut said = 0;
        for sequence in 1..=40 {
            said += marks.due(std::iter::once((place, sequence)), false).len();
            tokio::time::advance(Duration::from_millis(100)).await;
        }
        assert_eq!(said, 4);
    }
}
