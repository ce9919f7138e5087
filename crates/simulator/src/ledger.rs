//! What the network knows: every entry by its key, and every charge by its id.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use crate::behaviour::Behaviour;
use crate::charge::{Entry, Operation, Order, Outcome};

/// The state of the network, made of the journal's entries in their order.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    entries: Vec<Entry>,
    by_key: HashMap<String, usize>,
    charges: HashMap<String, Charge>,
    /// How many entries are on disk; later ones are not shown to anyone yet.
    durable: usize,
}

#[derive(Debug)]
struct Charge {
    held_minor: i64,
    captured_minor: i64,
    is_voided: bool,
}

/// What an order leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Its key is new: this is to be written.
    Fresh(Entry),
    /// Its key was executed: this is the first outcome.
    Repeat(Entry),
    /// Its key stands for another order.
    Reused,
}

impl Ledger {
    /// What `order` leads to now. `charge_id` names the charge that it may make.
    pub(crate) fn decide(&self, order: &Order, charge_id: String, now: DateTime<Utc>) -> Decision {
        let known = self.by_key.get(&order.connector_key);
        if let Some(entry) = known.and_then(|place| self.entries.get(*place)) {
            return if entry.order == *order {
                Decision::Repeat(entry.clone())
            } else {
                Decision::Reused
            };
        }
        let verdict = self.verdict(order, charge_id);
        let (outcome, result_charge_id, decline_code) = match verdict {
            Ok(charge_id) => (Outcome::Approved, Some(charge_id), None),
            Err(code) => (Outcome::Declined, order.charge_id.clone(), Some(code.to_owned())),
        };
        Decision::Fresh(Entry {
            sequence: u64::try_from(self.entries.len()).map_or(u64::MAX, |count| count + 1),
            order: order.clone(),
            outcome,
            result_charge_id,
            decline_code,
            executed_at: now,
        })
    }

    fn verdict(&self, order: &Order, charge_id: String) -> Result<String, &'static str> {
        if let Behaviour::Decline(code) = Behaviour::of(&order.token) {
            return Err(code);
        }
        if matches!(order.operation, Operation::Authorize | Operation::Sale) {
            return Ok(charge_id);
        }
        let id = order.charge_id.as_ref().ok_or("no_such_charge")?;
        let charge = self.charges.get(id).ok_or("no_such_charge")?;
        let left_minor = charge.held_minor.saturating_sub(charge.captured_minor);
        match order.operation {
            _ if charge.is_voided => Err("already_voided"),
            Operation::Void if charge.captured_minor > 0 => Err("already_captured"),
            Operation::Capture if order.amount_minor > left_minor => Err("exceeds_authorized"),
            _ => Ok(id.clone()),
        }
    }

    /// Takes an entry in: what comes after is decided with it.
    pub(crate) fn apply(&mut self, entry: Entry) {
        if let (Outcome::Approved, Some(id)) = (entry.outcome, &entry.result_charge_id) {
            let amount_minor = entry.order.amount_minor;
            let charge = self.charges.entry(id.clone()).or_insert(Charge {
                held_minor: 0,
                captured_minor: 0,
                is_voided: false,
            });
            match entry.order.operation {
                Operation::Authorize => charge.held_minor = amount_minor,
                Operation::Sale => (charge.held_minor, charge.captured_minor) = (amount_minor, amount_minor),
                Operation::Capture => {
                    charge.captured_minor = charge.captured_minor.saturating_add(amount_minor);
                }
                Operation::Void => charge.is_voided = true,
            }
        }
        self.by_key
            .insert(entry.order.connector_key.clone(), self.entries.len());
        self.entries.push(entry);
    }

    /// Everything taken in so far is on disk.
    pub(crate) fn settle(&mut self) {
        self.durable = self.entries.len();
    }

    /// The entry of that key, if it is on disk.
    pub(crate) fn find(&self, connector_key: &str) -> Option<&Entry> {
        let place = *self.by_key.get(connector_key)?;
        self.shown().get(place)
    }

    /// The entries on disk, in their order.
    pub(crate) fn shown(&self) -> &[Entry] {
        self.entries.get(..self.durable).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use money::Currency;
    use proptest::prelude::*;

    fn order(key: &str, operation: Operation, amount_minor: i64, charge: Option<&str>) -> Order {
        Order {
            connector_key: key.into(),
            operation,
            amount_minor,
            currency: Currency::KRW,
            token: "tok_ok".into(),
            charge_id: charge.map(Into::into),
        }
    }

    fn run(ledger: &mut Ledger, order: &Order) -> Entry {
        let id = format!("chg_{}", order.connector_key);
        let Decision::Fresh(entry) = ledger.decide(order, id, DateTime::UNIX_EPOCH) else {
            panic!("{order:?} is not fresh")
        };
        ledger.apply(entry.clone());
        entry
    }

    #[test]
    fn an_operation_is_declined_where_the_charge_does_not_allow_it() {
        use Operation::{Authorize, Capture, Sale, Void};
        for (steps, code) in [
            (vec![(Capture, 100, Some("chg_9"))], Some("no_such_charge")),
            (vec![(Void, 100, None)], Some("no_such_charge")),
            (vec![(Authorize, 100, None), (Capture, 100, Some("chg_0"))], None),
            (
                vec![(Authorize, 100, None), (Capture, 101, Some("chg_0"))],
                Some("exceeds_authorized"),
            ),
            (vec![(Authorize, 100, None), (Void, 100, Some("chg_0"))], None),
            (
                vec![
                    (Authorize, 100, None),
                    (Void, 100, Some("chg_0")),
                    (Capture, 100, Some("chg_0")),
                ],
                Some("already_voided"),
            ),
            (
                vec![(Sale, 100, None), (Void, 100, Some("chg_0"))],
                Some("already_captured"),
            ),
            (
                vec![(Sale, 100, None), (Capture, 1, Some("chg_0"))],
                Some("exceeds_authorized"),
            ),
        ] {
            let mut ledger = Ledger::default();
            let mut last = None;
            for (place, (operation, amount, charge)) in steps.iter().enumerate() {
                last = run(
                    &mut ledger,
                    &order(&place.to_string(), *operation, *amount, *charge),
                )
                .decline_code;
            }
            assert_eq!(last.as_deref(), code, "{steps:?}");
        }
    }

    #[test]
    fn what_is_not_on_disk_is_not_shown() {
        let mut ledger = Ledger::default();
        run(&mut ledger, &order("k", Operation::Sale, 1, None));
        assert_eq!(ledger.find("k"), None);
        ledger.settle();
        assert_eq!(ledger.find("k").map(|e| e.sequence), Some(1));
    }

    #[test]
    fn a_key_for_another_order_is_refused() {
        let mut ledger = Ledger::default();
        run(&mut ledger, &order("k", Operation::Sale, 1, None));
        let other = order("k", Operation::Sale, 2, None);
        assert_eq!(
            ledger.decide(&other, String::new(), DateTime::UNIX_EPOCH),
            Decision::Reused
        );
    }

    proptest! {
        #[test]
        fn a_key_is_executed_once_however_often_it_comes(keys in prop::collection::vec(0_u8..6, 0..40)) {
            let mut ledger = Ledger::default();
            for key in &keys {
                let order = order(&key.to_string(), Operation::Sale, 1, None);
                if let Decision::Fresh(entry) = ledger.decide(&order, "chg".into(), DateTime::UNIX_EPOCH) {
                    ledger.apply(entry);
                }
            }
            ledger.settle();
            let distinct: std::collections::HashSet<_> = keys.iter().collect();
            prop_assert_eq!(ledger.shown().len(), distinct.len());
        }
    }
}
