//! What came of one partition: repeats are dropped, gaps are seen.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use bus::Record;

/// A lane with more records than these is paused,
const FULL: usize = 4_000;
/// or one whose events have more bytes than these: a request may have made a large one.
const FULL_BYTES: usize = 16 << 20;

/// Records of one partition that are not handled yet, by their number. However they come, they leave in order.
#[derive(Debug, Default)]
pub(crate) struct Lane {
    records: BTreeMap<i64, Came>,
    /// How many bytes their events have.
    bytes: usize,
    /// The greatest number that a watermark spoke of.
    watermark: i64,
    /// Kafka's offset behind everything that has been handled: where a successor may begin.
    handled_to: Option<i64>,
    /// Whether Kafka was told to wait.
    pub(crate) is_paused: bool,
}

#[derive(Debug)]
struct Came {
    record: Record,
    offset: i64,
}

/// What comes behind a place.
#[derive(Debug)]
pub(crate) enum Next {
    /// Nothing yet.
    Nothing,
    /// These, without a gap.
    Records(Vec<Record>),
    /// As many records are missing right behind the place: others behind them are here, or a watermark spoke of them.
    Missing(i64),
}

impl Lane {
    /// Takes in a record. A repeat changes nothing.
    pub(crate) fn push(&mut self, sequence: i64, record: Record, offset: i64) {
        let size = record.payload.get().len();
        if let Entry::Vacant(free) = self.records.entry(sequence) {
            free.insert(Came { record, offset });
            self.bytes = self.bytes.saturating_add(size);
        }
    }

    /// Takes in a watermark.
    pub(crate) fn mark(&mut self, sequence: i64) {
        self.watermark = self.watermark.max(sequence);
    }

    /// Whether more waits than a reader needs ahead of it, by number or by size.
    pub(crate) fn is_full(&self) -> bool {
        self.records.len() > FULL || self.bytes > FULL_BYTES
    }

    /// Whether Kafka was told to wait, and so little waits that it should go on.
    pub(crate) fn wants_more(&self) -> bool {
        self.is_paused && self.records.len() < FULL / 4 && self.bytes < FULL_BYTES / 4
    }

    /// Where a successor may begin to read, if something has been handled since this was asked the last time. That is
    /// before everything that is still here: a repeat of what was handled long ago can lie behind it.
    pub(crate) fn take_handled(&mut self) -> Option<i64> {
        let waiting = self.records.values().map(|came| came.offset).min();
        let handled = self.handled_to.take()?;
        Some(waiting.map_or(handled, |waiting| waiting.min(handled)))
    }

    /// What comes behind `after`, which has been handled: what is up to there is dropped.
    pub(crate) fn next(&mut self, after: i64, limit: usize) -> Next {
        let waiting = self.records.split_off(&after.saturating_add(1));
        let handled = std::mem::replace(&mut self.records, waiting);
        let gone = handled.values().map(|came| came.record.payload.get().len()).sum();
        self.bytes = self.bytes.saturating_sub(gone);
        if let Some(last) = handled.values().map(|came| came.offset).max() {
            self.handled_to = self.handled_to.max(Some(last.saturating_add(1)));
        }
        let batch: Vec<Record> = self
            .records
            .iter()
            .zip(after.saturating_add(1)..)
            .take_while(|((sequence, _), expected)| *sequence == expected)
            .take(limit)
            .map(|((_, came), _)| came.record.clone())
            .collect();
        if !batch.is_empty() {
            return Next::Records(batch);
        }
        // What is known to exist: up to the record before the first one here, or up to the watermark.
        let first = self.records.keys().next().map(|first| first.saturating_sub(1));
        match first.unwrap_or(self.watermark).saturating_sub(after) {
            missing if missing > 0 => Next::Missing(missing),
            _ => Next::Nothing,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use bus::Cursor;

    pub(crate) fn record(sequence: i64) -> Record {
        Record {
            topic: contracts::topics::PAYMENT_COMPLETED,
            aggregate: "a".into(),
            number: sequence,
            event_id: uuid::Uuid::nil(),
            cursor: Cursor::at(sequence),
            payload: serde_json::value::RawValue::from_string("{}".into()).unwrap(),
            trace_parent: String::new(),
            occurred_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    /// Each arrival at the offset of its place; negative ones are watermarks.
    fn lane(arrivals: &[i64]) -> Lane {
        let mut lane = Lane::default();
        for (offset, arrival) in (100..).zip(arrivals) {
            if *arrival < 0 {
                lane.mark(-arrival);
            } else {
                lane.push(*arrival, record(*arrival), offset);
            }
        }
        lane
    }

    fn said(next: Next) -> String {
        match next {
            Next::Nothing => "nothing".to_owned(),
            Next::Missing(count) => format!("missing {count}"),
            Next::Records(records) => {
                let numbers: Vec<String> = records.iter().map(|r| r.number.to_string()).collect();
                numbers.join(" ")
            }
        }
    }

    #[test]
    fn records_leave_in_order_and_gaps_are_seen() {
        for (arrivals, after, expected) in [
            (vec![], 0, "nothing"),
            (vec![1, 2, 3], 0, "1 2 3"),
            (vec![3, 1, 2, 2, 1], 0, "1 2 3"),
            (vec![1, 2, 4], 0, "1 2"),
            (vec![1, 2, 4], 2, "missing 1"),
            (vec![5, 6], 0, "missing 4"),
            (vec![1, 2], 2, "nothing"),
            (vec![1, 2, -2], 2, "nothing"),
            (vec![1, 2, -4], 2, "missing 2"),
            (vec![-4, 1, 2], 0, "1 2"),
            (vec![-9, 4], 2, "missing 1"),
            (vec![1, 2, -3], 7, "nothing"),
            (vec![1, 2, 3, 4, 5, 6, 7, 8, 9], 0, "1 2 3 4 5"),
        ] {
            assert_eq!(
                said(lane(&arrivals).next(after, 5)),
                expected,
                "{arrivals:?} behind {after}"
            );
        }
    }

    #[test]
    fn what_is_not_handled_comes_again() {
        let mut lane = lane(&[1, 2, 3]);
        assert_eq!(said(lane.next(0, 2)), "1 2");
        assert_eq!(said(lane.next(0, 2)), "1 2");
        assert_eq!(said(lane.next(2, 2)), "3");
    }

    #[test]
    fn a_successor_begins_behind_what_was_handled() {
        let mut lane = lane(&[2, 1, 3]);
        assert_eq!(lane.take_handled(), None);
        lane.next(2, 9);
        assert_eq!(lane.take_handled(), Some(102));
        assert_eq!(lane.take_handled(), None);
        assert_eq!(lane.records.len(), 1);
    }

    #[test]
    fn a_repeat_behind_what_waits_does_not_lead_a_successor_past_it() {
        let mut lane = lane(&[1, 2, 1]);
        lane.push(1, record(1), 103);
        lane.next(1, 9);
        lane.push(1, record(1), 104);
        lane.next(1, 9);
        assert_eq!(lane.take_handled(), Some(101));
    }

    #[test]
    fn a_lane_is_full_by_number_or_by_size_until_most_of_it_was_handled() {
        let large = |sequence| Record {
            payload: serde_json::value::RawValue::from_string(format!("\"{}\"", "x".repeat(4 << 20)))
                .unwrap(),
            ..record(sequence)
        };
        let makes: [(i64, &dyn Fn(i64) -> Record); 2] = [(4_001, &record), (4, &large)];
        for (count, make) in makes {
            let mut lane = Lane::default();
            for sequence in 1..=count {
                assert!(!lane.is_full(), "at {sequence}");
                // A repeat adds nothing.
                for _ in 0..2 {
                    lane.push(sequence, make(sequence), sequence);
                }
            }
            assert!(lane.is_full());
            lane.is_paused = true;
            lane.next(count / 2, 1);
            assert!(!lane.is_full() && !lane.wants_more());
            lane.next(count, 1);
            assert!(lane.wants_more());
        }
    }
}
