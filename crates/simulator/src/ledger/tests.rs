//! The rules of the ledger, without a disk or a network.

mod cases;
mod charges;
mod properties;

use chrono::{DateTime, TimeDelta, Utc};
use money::Currency;

use super::*;
use crate::dispute::{Claim, Verdict};
use crate::event::Data;
use crate::line::{Line, Step};

/// An authorization lasts a week, a buyer has 15 minutes, later is a second.
pub(crate) fn terms() -> Terms {
    Terms {
        authorization: TimeDelta::days(7),
        action: TimeDelta::minutes(15),
        late: TimeDelta::seconds(1),
        public_url: "http://127.0.0.1:8090".to_owned(),
    }
}

/// A sale of 1,000 won.
pub(crate) fn entry() -> Entry {
    Book::new().order("k", Operation::Sale, 1_000, None, "tok_ok")
}

/// A ledger, the lines that made it, and a clock.
struct Book {
    ledger: Ledger,
    lines: Vec<Line>,
    now: DateTime<Utc>,
}

impl Book {
    fn new() -> Self {
        Self {
            ledger: Ledger::new(terms()),
            lines: Vec::new(),
            now: DateTime::UNIX_EPOCH,
        }
    }

    fn take<T>(&mut self, step: Step<T>) -> T {
        for line in step.lines {
            self.ledger.apply(line.clone());
            self.lines.push(line);
        }
        step.answer
    }

    fn decide_order(&mut self, order: &Order) -> Decision {
        let step = self
            .ledger
            .execute(order, format!("chg_{}", order.connector_key), self.now);
        self.take(step)
    }

    fn order(
        &mut self,
        key: &str,
        operation: Operation,
        amount_minor: i64,
        charge: Option<&str>,
        token: &str,
    ) -> Entry {
        let order = order(key, operation, amount_minor, charge, token);
        match self.decide_order(&order) {
            Decision::Fresh { entry, .. } => entry,
            other => panic!("{order:?}: {other:?}"),
        }
    }

    /// The charge `chg_a` of 100 won, made with that token.
    fn charge(operation: Operation, token: &str) -> Self {
        let mut book = Self::new();
        book.order("a", operation, 100, None, token);
        book
    }

    /// Something is done with `chg_a`; gives why it was declined, if it was.
    fn follow(&mut self, operation: Operation, amount_minor: i64) -> Option<String> {
        let key = self.lines.len().to_string();
        let entry = self.order(&key, operation, amount_minor, Some("chg_a"), "");
        let is_declined = entry.outcome == Outcome::Declined;
        assert_eq!(is_declined, entry.decline_code.is_some());
        entry.decline_code
    }

    fn buyer(&mut self, choice: Choice) -> Result<Entry, Undecided> {
        let step = self.ledger.decide("chg_a", choice, self.now);
        self.take(step)
    }

    fn dispute(&mut self, amount_minor: i64) -> Result<Dispute, Refusal> {
        let claim = Claim {
            charge_id: "chg_a".to_owned(),
            amount_minor,
            reason: "fraudulent".to_owned(),
            stage: Stage::NeedsResponse,
        };
        let step = self.ledger.open(claim, self.now);
        self.take(step)
    }

    fn judge(&mut self, dispute: &Dispute, verdict: Verdict) -> Result<Dispute, Refusal> {
        let step = self.ledger.judge(&dispute.dispute_id, verdict, self.now);
        self.take(step)
    }

    fn pass(&mut self, time: TimeDelta) {
        self.now += time;
        let step = self.ledger.fall_due(self.now);
        self.take(step);
    }

    fn now(&self, key: &str) -> (Outcome, Option<&str>) {
        let entry = self.ledger.find(key).unwrap();
        (entry.outcome, entry.decline_code.as_deref())
    }

    /// What is told, in a few words each.
    fn events(&self) -> Vec<String> {
        let words = |event: &Event| match &event.data {
            Data::Entry(entry) => match &entry.decline_code {
                Some(code) => code.clone(),
                None => format!("{:?}", entry.outcome),
            },
            Data::Dispute(dispute) => dispute.state.to_string(),
        };
        let events = self.ledger.events_after(0);
        events.map(|(_, event)| words(event)).collect()
    }

    fn account(&self) -> Account {
        self.ledger.charges["chg_a"].account
    }
}

fn order(key: &str, operation: Operation, amount_minor: i64, charge: Option<&str>, token: &str) -> Order {
    Order {
        connector_key: key.into(),
        operation,
        amount_minor,
        currency: Currency::KRW,
        token: token.into(),
        charge_id: charge.map(Into::into),
        return_url: None,
    }
}
