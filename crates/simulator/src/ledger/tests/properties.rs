//! What holds whatever happens, in whatever order.

use proptest::prelude::*;

use super::*;

/// Something that may happen to a network.
#[derive(Debug, Clone)]
enum Happening {
    Order(u8, Operation, i64, u8, &'static str),
    Buyer(u8, bool),
    Dispute(u8, i64),
    Time(i64),
}

fn happening() -> impl Strategy<Value = Happening> {
    use Operation::{Authorize, Cancel, Capture, Increment, Refund, Sale, Void};
    let operation = prop::sample::select(vec![
        Authorize, Sale, Capture, Capture, Void, Refund, Refund, Increment, Cancel,
    ]);
    let token = prop::sample::select(vec![
        "tok_ok",
        "tok_3ds",
        "tok_refund_fails_later",
        "tok_expires",
        "tok_disputed",
        "tok_void_declined_once",
        "tok_webhook_twice",
        "tok_declined",
    ]);
    prop_oneof![
        8 => (0_u8..30, operation, 0_i64..120, 0_u8..6, token)
            .prop_map(|(key, operation, amount, charge, token)| {
                // Few keys make charges, so that much happens to each.
                let key = if operation.makes_charge() { key % 6 } else { key };
                Happening::Order(key, operation, amount, charge, token)
            }),
        1 => (0_u8..6, any::<bool>()).prop_map(|(charge, approves)| Happening::Buyer(charge, approves)),
        1 => (0_u8..6, 1_i64..120).prop_map(|(charge, amount)| Happening::Dispute(charge, amount)),
        2 => (0_i64..2_000).prop_map(Happening::Time),
    ]
}

impl Book {
    fn happen(&mut self, happening: &Happening) {
        match *happening {
            Happening::Order(key, operation, amount_minor, charge, token) => {
                let charge = format!("chg_{charge}");
                let charge = Some(charge.as_str()).filter(|_| !operation.makes_charge());
                self.decide_order(&order(&key.to_string(), operation, amount_minor, charge, token));
            }
            Happening::Buyer(charge, approves) => {
                let choice = if approves {
                    Choice::Approve
                } else {
                    Choice::Decline
                };
                let step = self.ledger.decide(&format!("chg_{charge}"), choice, self.now);
                let _refused_or_not = self.take(step);
            }
            Happening::Dispute(charge, amount_minor) => {
                let claim = Claim {
                    charge_id: format!("chg_{charge}"),
                    amount_minor,
                    reason: "fraudulent".to_owned(),
                    stage: Stage::NeedsResponse,
                };
                let step = self.ledger.open(claim, self.now);
                let _refused_or_not = self.take(step);
            }
            Happening::Time(milliseconds) => self.pass(TimeDelta::milliseconds(milliseconds)),
        }
    }
}

proptest! {
    #[test]
    fn whatever_happens_the_amounts_stay_in_order(happenings in prop::collection::vec(happening(), 0..120)) {
        let mut book = Book::new();
        for happening in &happenings {
            book.happen(happening);
            for charge in book.ledger.charges.values() {
                let account = charge.account;
                prop_assert!(account.captured_minor + account.released_minor <= account.held_minor, "{account:?}");
                prop_assert!(account.refunded_minor <= account.captured_minor, "{account:?}");
                prop_assert!(account.refunded_minor >= 0);
            }
        }
        // The entries alone, as they are now, tell the same sums.
        for (id, charge) in &book.ledger.charges {
            let sum = |wanted: fn(Operation) -> bool| -> i64 {
                let entries = book.ledger.entries().iter();
                entries
                    .filter(|e| e.charge() == id && e.outcome == Outcome::Approved && wanted(e.order.operation))
                    .map(|e| e.order.amount_minor)
                    .sum()
            };
            prop_assert_eq!(charge.account.captured_minor, sum(Operation::takes_money));
            prop_assert_eq!(charge.account.refunded_minor, sum(|o| o == Operation::Refund));
            prop_assert_eq!(charge.account.released_minor, sum(|o| o == Operation::Void));
        }
    }

    #[test]
    fn the_lines_read_again_make_the_same_ledger(happenings in prop::collection::vec(happening(), 0..80)) {
        let mut book = Book::new();
        for happening in &happenings {
            book.happen(happening);
        }
        let mut again = Ledger::new(terms());
        for line in &book.lines {
            let bytes = serde_json::to_vec(line).unwrap();
            again.apply(Line::parse(&bytes).unwrap());
        }
        prop_assert_eq!(again.entries(), book.ledger.entries());
        prop_assert_eq!(&again.due, &book.ledger.due);
        prop_assert_eq!(&again.events, &book.ledger.events);
        prop_assert_eq!(again.totals(), book.ledger.totals());
    }

    #[test]
    fn a_key_is_executed_once_however_often_it_comes(keys in prop::collection::vec(0_u8..6, 0..40)) {
        let mut book = Book::new();
        for key in &keys {
            book.decide_order(&order(&key.to_string(), Operation::Sale, 1, None, "tok_ok"));
        }
        let distinct: std::collections::HashSet<_> = keys.iter().collect();
        prop_assert_eq!(book.ledger.entries().len(), distinct.len());
        let sequences: Vec<_> = book.ledger.entries().iter().map(|e| e.sequence).collect();
        prop_assert_eq!(sequences, (1..=u64::try_from(distinct.len()).unwrap()).collect::<Vec<_>>());
    }
}
