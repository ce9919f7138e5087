//! Whether a connector answers lately.

use std::collections::VecDeque;

use chrono::{DateTime, TimeDelta, Utc};

/// How long an outcome counts.
const LATELY: TimeDelta = TimeDelta::seconds(60);
/// Outcomes of which is judged at least: one that got lost says nothing of a connector.
const LEAST: usize = 5;
/// Outcomes that are kept at most, the latest.
const MOST: usize = 100;
/// How long a connector that does not answer is put behind the others. Then it is judged anew, by what comes from then on.
const REST: TimeDelta = TimeDelta::seconds(30);

/// What is known of one connector. It is unwell once half of what it was asked lately, and five of it, was not answered.
#[derive(Debug, Default)]
pub struct Health {
    lately: VecDeque<(DateTime<Utc>, bool)>,
    rests_until: Option<DateTime<Utc>>,
}

impl Health {
    /// Notes whether it answered. What comes while it rests does not count.
    pub fn note(&mut self, answered: bool, now: DateTime<Utc>) {
        if !self.is_well(now) {
            return;
        }
        self.rests_until = None;
        self.lately.push_back((now, answered));
        while self.lately.len() > MOST || self.lately.front().is_some_and(|(at, _)| *at + LATELY <= now) {
            self.lately.pop_front();
        }
        let silent = self.lately.iter().filter(|(_, answered)| !answered).count();
        if silent >= LEAST && silent.saturating_mul(2) >= self.lately.len() {
            self.lately.clear();
            self.rests_until = Some(now + REST);
        }
    }

    /// Whether it is to be asked in its turn.
    pub fn is_well(&self, now: DateTime<Utc>) -> bool {
        self.rests_until.is_none_or(|until| until <= now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is known after these outcomes, `x` for silence and `.` for an answer, a second apart; and the time then.
    fn after(outcomes: &str) -> (Health, DateTime<Utc>) {
        let mut health = Health::default();
        let mut now = DateTime::UNIX_EPOCH;
        for outcome in outcomes.chars() {
            health.note(outcome == '.', now);
            now += TimeDelta::seconds(1);
        }
        (health, now)
    }

    #[test]
    fn half_of_what_was_asked_and_five_of_it_is_not_answered() {
        for (outcomes, is_well) in [
            ("", true),
            ("xxxx", true),
            ("xxxxx", false),
            ("....xxxx", true),
            (".....xxxxx", false),
            ("......xxxxx", true),
            ("......xxxxxx", false),
            ("x.x.x.x.x", false),
        ] {
            let (health, now) = after(outcomes);
            assert_eq!(health.is_well(now), is_well, "{outcomes}");
        }
    }

    #[test]
    fn what_is_older_than_a_minute_does_not_count() {
        let (mut health, now) = after("xxxx");
        let later = now + TimeDelta::seconds(59);
        health.note(false, later);
        assert!(health.is_well(later));
        let (mut health, now) = after("xxxx");
        let soon = now + TimeDelta::seconds(55);
        health.note(false, soon);
        assert!(!health.is_well(soon));
    }

    #[test]
    fn it_recovers_by_itself_and_is_judged_anew() {
        let (mut health, now) = after("xxxxx");
        let rested = now - TimeDelta::seconds(1) + REST;
        // Nothing that happens meanwhile makes the rest longer.
        health.note(false, rested - TimeDelta::milliseconds(1));
        assert!(!health.is_well(rested - TimeDelta::milliseconds(1)));
        assert!(health.is_well(rested));
        for count in 1..LEAST {
            health.note(false, rested);
            assert!(health.is_well(rested), "{count}");
        }
        health.note(false, rested);
        assert!(!health.is_well(rested));
    }

    #[test]
    fn no_more_is_kept_than_is_needed() {
        let mut health = Health::default();
        for _ in 0..1_000 {
            health.note(true, DateTime::UNIX_EPOCH);
        }
        assert_eq!(health.lately.len(), MOST);
    }
}
