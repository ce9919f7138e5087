//! The events of one charge, on their way one after the other.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use crate::behaviour::Manner;
use crate::event::Event;

/// The pause after the first failure; it doubles up to [`LONGEST`].
const SHORTEST: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(30);

/// What waits for delivery.
#[derive(Debug)]
pub(super) struct Lane {
    waiting: VecDeque<Arc<Event>>,
    is_flying: bool,
    /// Of the first that waits: how often it was sent, and how often taken.
    attempts: u32,
    taken: u32,
    pause: Duration,
    not_before: Option<Instant>,
}

/// One try.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    pub(super) event: Arc<Event>,
    /// It is to be badly signed, and whatever the answer, it does not count.
    pub(super) is_spoilt: bool,
    /// Taken once more, the event is done.
    pub(super) is_last: bool,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// The event was taken for the last time.
    Done,
    /// It was taken, and is to be sent again.
    Delivered,
    /// It was not taken.
    Failed,
}

impl Default for Lane {
    fn default() -> Self {
        Self {
            waiting: VecDeque::new(),
            is_flying: false,
            attempts: 0,
            taken: 0,
            pause: SHORTEST,
            not_before: None,
        }
    }
}

impl Lane {
    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.waiting.push_back(event);
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The next try, or when it may be. None where nothing waits, or a try is under way.
    pub(super) fn depart(&mut self, now: Instant) -> Option<Result<Delivery, Instant>> {
        let event = self.waiting.front().filter(|_| !self.is_flying)?;
        if let Some(later) = self.not_before.filter(|at| *at > now) {
            return Some(Err(later));
        }
        let delivery = Delivery {
            event: Arc::clone(event),
            is_spoilt: event.manner == Some(Manner::WronglySigned) && self.attempts == 0,
            is_last: event.manner != Some(Manner::Twice) || self.taken > 0,
        };
        self.is_flying = true;
        self.attempts = self.attempts.saturating_add(1);
        Some(Ok(delivery))
    }

    pub(super) fn land(&mut self, progress: Progress, now: Instant) {
        self.is_flying = false;
        match progress {
            Progress::Done => {
                self.waiting.pop_front();
                (self.attempts, self.taken) = (0, 0);
            }
            Progress::Delivered => self.taken = self.taken.saturating_add(1),
            Progress::Failed => {
                self.not_before = now.checked_add(self.pause);
                self.pause = self.pause.saturating_mul(2).min(LONGEST);
                return;
            }
        }
        (self.pause, self.not_before) = (SHORTEST, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Data, Kind};
    use crate::ledger::tests::entry;
    use chrono::DateTime;

    fn event(id: &str, manner: Option<Manner>) -> Arc<Event> {
        Arc::new(Event {
            id: id.to_owned(),
            kind: Kind::ChargeUpdated,
            created_at: DateTime::UNIX_EPOCH,
            data: Data::Entry(Box::new(entry())),
            charge_id: "chg_1".to_owned(),
            manner,
        })
    }

    #[test]
    fn an_event_waits_for_the_one_before_and_longer_after_each_failure() {
        let mut lane = Lane::default();
        lane.push(event("evt_1", None));
        lane.push(event("evt_2", None));
        let mut now = Instant::now();
        for pause_ms in [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000] {
            let delivery = lane.depart(now).unwrap().unwrap();
            assert_eq!(delivery.event.id, "evt_1");
            assert!(lane.depart(now).is_none(), "one at a time");
            lane.land(Progress::Failed, now);
            let later = lane.depart(now).unwrap().unwrap_err();
            assert_eq!(later - now, Duration::from_millis(pause_ms));
            now = later;
        }
        lane.depart(now).unwrap().unwrap();
        lane.land(Progress::Done, now);
        assert_eq!(lane.depart(now).unwrap().unwrap().event.id, "evt_2");
        lane.land(Progress::Done, now);
        assert!(lane.is_empty());
    }

    #[test]
    fn each_manner_has_its_deliveries() {
        for (manner, landings, spoilt_and_last) in [
            (None, &[Progress::Done][..], &[(false, true)][..]),
            (Some(Manner::Early), &[Progress::Done], &[(false, true)]),
            (
                Some(Manner::Twice),
                &[Progress::Failed, Progress::Delivered, Progress::Done],
                &[(false, false), (false, false), (false, true)],
            ),
            (
                Some(Manner::WronglySigned),
                &[Progress::Failed, Progress::Done],
                &[(true, true), (false, true)],
            ),
        ] {
            let mut lane = Lane::default();
            lane.push(event("evt_1", manner));
            let mut now = Instant::now();
            for (landing, expected) in landings.iter().zip(spoilt_and_last) {
                let delivery = lane.depart(now).unwrap().unwrap();
                assert_eq!((delivery.is_spoilt, delivery.is_last), *expected, "{manner:?}");
                lane.land(*landing, now);
                now += LONGEST;
            }
            assert!(lane.is_empty(), "{manner:?}");
        }
    }
}
