//! The gate: which of the records that came in are next, which are repeats, which came too early.

use std::collections::{HashMap, HashSet};

use crate::record::Record;

/// What to do with the records of one batch.
#[derive(Debug, Default)]
pub(crate) struct Plan<'a> {
    /// Next in their aggregates' order: to the handler.
    pub(crate) ready: Vec<&'a Record>,
    /// Something before them is missing or dead: put aside.
    pub(crate) early: Vec<&'a Record>,
    /// Handled or put aside before: nothing to do.
    pub(crate) repeats: usize,
}

/// Sorts a batch. `handled` holds the last handled number by aggregate, `parked` what is put aside already.
pub(crate) fn gate<'a>(
    handled: &HashMap<String, i64>,
    parked: &HashSet<(String, i64)>,
    batch: &'a [Record],
) -> Plan<'a> {
    let mut last: HashMap<&str, i64> = HashMap::new();
    let mut seen: HashSet<(&str, i64)> = HashSet::new();
    let mut plan = Plan::default();
    for record in batch {
        let aggregate = record.aggregate.as_str();
        let before = *last
            .entry(aggregate)
            .or_insert_with(|| handled.get(aggregate).copied().unwrap_or(0));
        let put_aside = parked.contains(&(record.aggregate.clone(), record.number));
        if record.number <= before || put_aside || !seen.insert((aggregate, record.number)) {
            plan.repeats += 1;
        } else if record.number == before + 1 {
            last.insert(aggregate, record.number);
            plan.ready.push(record);
        } else {
            plan.early.push(record);
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Cursor;
    use proptest::prelude::*;

    fn record(aggregate: &str, number: i64) -> Record {
        Record {
            topic: contracts::topics::PAYMENT_COMPLETED,
            aggregate: aggregate.into(),
            number,
            event_id: uuid::Uuid::nil(),
            cursor: Cursor::start(),
            payload: serde_json::value::RawValue::from_string("{}".into()).unwrap(),
            trace_parent: String::new(),
            occurred_at: chrono::DateTime::UNIX_EPOCH,
        }
    }

    fn numbers(records: &[&Record]) -> Vec<i64> {
        records.iter().map(|r| r.number).collect()
    }

    #[test]
    fn a_record_passes_when_it_is_next() {
        let handled = HashMap::from([("a".to_owned(), 2)]);
        for (number, ready, early, repeats) in [(2, 0, 0, 1), (3, 1, 0, 0), (4, 0, 1, 0)] {
            let batch = [record("a", number)];
            let plan = gate(&handled, &HashSet::new(), &batch);
            assert_eq!(
                (plan.ready.len(), plan.early.len(), plan.repeats),
                (ready, early, repeats),
                "{number}"
            );
        }
    }

    #[test]
    fn a_dead_record_delivered_again_is_a_repeat() {
        let parked = HashSet::from([("a".to_owned(), 1)]);
        let batch = [record("a", 1), record("a", 2)];
        let plan = gate(&HashMap::new(), &parked, &batch);
        assert_eq!(
            (plan.ready.len(), numbers(&plan.early), plan.repeats),
            (0, vec![2], 1)
        );
    }

    proptest! {
        #[test]
        fn whatever_comes_in_passes_in_order_and_once(incoming in prop::collection::vec(1_i64..8, 0..30)) {
            let batch: Vec<_> = incoming.iter().map(|n| record("a", *n)).collect();
            let plan = gate(&HashMap::new(), &HashSet::new(), &batch);
            let passed = numbers(&plan.ready);
            prop_assert_eq!(&passed, &(1..=i64::try_from(passed.len()).unwrap()).collect::<Vec<_>>());
            prop_assert_eq!(passed.len() + plan.early.len() + plan.repeats, batch.len());
        }
    }
}
