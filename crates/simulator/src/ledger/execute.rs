//! What an order leads to.

use chrono::{DateTime, Utc};

use super::{Charge, Ledger, Standing};
use crate::behaviour::Behaviour;
use crate::charge::{Action, Entry, Operation, Order, Outcome};
use crate::line::{Line, Step, fresh_id};

/// What an order leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Decision {
    /// Its key is new: it is executed, and told by the event of that id, if by any.
    Fresh { entry: Entry, event_id: Option<String> },
    /// Its key was executed: this is what became of it.
    Repeat(Entry),
    /// Its key stands for another order.
    Reused,
}

impl Ledger {
    /// What `order` leads to now. `charge_id` names the charge that it may make.
    pub(crate) fn execute(&self, order: &Order, charge_id: String, now: DateTime<Utc>) -> Step<Decision> {
        if let Some(entry) = self.find(&order.connector_key) {
            return Step::none(if entry.order == *order {
                Decision::Repeat(entry.clone())
            } else {
                Decision::Reused
            });
        }
        let behaviour = self.behaviour(order);
        let entry = if order.operation.makes_charge() {
            self.begin(order, behaviour, charge_id, now)
        } else {
            let refusal = self.refusal(order, now);
            Entry {
                result_charge_id: order.charge_id.clone(),
                ..self.entry(order, refusal.map_or(Ok(Outcome::Approved), Err), now)
            }
        };
        let gives_up = order.operation == Operation::Cancel && entry.outcome == Outcome::Approved;
        let event_id = (gives_up || behaviour.manner().is_some()).then(|| fresh_id("evt"));
        Step::one(
            Line::executed(entry.clone(), event_id.clone()),
            Decision::Fresh { entry, event_id },
        )
    }

    fn entry(&self, order: &Order, outcome: Result<Outcome, &'static str>, now: DateTime<Utc>) -> Entry {
        Entry {
            sequence: u64::try_from(self.entries.len()).map_or(u64::MAX, |count| count.saturating_add(1)),
            order: order.clone(),
            outcome: outcome.unwrap_or(Outcome::Declined),
            result_charge_id: None,
            decline_code: outcome.err().map(str::to_owned),
            action: None,
            expires_at: None,
            executed_at: now,
        }
    }

    /// A charge begins, or is declined.
    fn begin(&self, order: &Order, behaviour: Behaviour, charge_id: String, now: DateTime<Utc>) -> Entry {
        let terms = &self.terms;
        match behaviour {
            Behaviour::Decline(code) => self.entry(order, Err(code), now),
            Behaviour::AskBuyer => Entry {
                action: Some(Action {
                    url: format!("{}/network/v1/actions/{charge_id}", terms.public_url),
                    expires_at: now + terms.action,
                }),
                result_charge_id: Some(charge_id),
                ..self.entry(order, Ok(Outcome::Pending), now)
            },
            _ => {
                let is_short = behaviour == Behaviour::ExpireSoon;
                let length = if is_short { terms.late } else { terms.authorization };
                let is_held = order.operation == Operation::Authorize;
                Entry {
                    result_charge_id: Some(charge_id),
                    expires_at: is_held.then(|| now + length),
                    ..self.entry(order, Ok(Outcome::Approved), now)
                }
            }
        }
    }

    /// Why the network declines what is to be done with a charge, if it does.
    fn refusal(&self, order: &Order, now: DateTime<Utc>) -> Option<&'static str> {
        let Some(charge) = order.charge_id.as_ref().and_then(|id| self.charges.get(id)) else {
            return Some("no_such_charge");
        };
        if charge.currency != order.currency {
            return Some("currency_mismatch");
        }
        charge
            .moody(order.operation)
            .or_else(|| charge.untimely(order.operation, now))
            .or_else(|| charge.account.refusal(order.operation, order.amount_minor))
    }
}

impl Charge {
    /// What its token declines.
    fn moody(&self, operation: Operation) -> Option<&'static str> {
        match self.behaviour {
            Behaviour::DeclineOperation(declined, code) if declined == operation => Some(code),
            Behaviour::DeclineFirstVoid if operation == Operation::Void && !self.void_was_declined => {
                Some("try_later")
            }
            _ => None,
        }
    }

    /// What it is too early or too late for. A void is never late: it lets go of what is gone.
    fn untimely(&self, operation: Operation, now: DateTime<Utc>) -> Option<&'static str> {
        match (operation, self.standing) {
            (Operation::Cancel, Standing::Waiting(until)) if now < until => None,
            (Operation::Cancel, _) => Some("not_pending"),
            (Operation::Capture | Operation::Increment, Standing::Authorized(Some(until)))
                if now >= until =>
            {
                Some("authorization_expired")
            }
            (Operation::Increment, Standing::Waiting(_) | Standing::Sold | Standing::Dead) => {
                Some("nothing_held")
            }
            _ => None,
        }
    }
}
