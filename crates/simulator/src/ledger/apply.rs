//! Taking the journal's lines in. Nothing is decided here: what a line says has happened.

use super::due::Due;
use super::{Case, Charge, Ledger, Standing};
use crate::account::Account;
use crate::behaviour::Behaviour;
use crate::charge::{Entry, Operation, Outcome};
use crate::event::{Data, Event, Kind};
use crate::line::{Change, DisputeChange, Executed, Line, Note};

impl Ledger {
    /// Takes a line in: what comes after is decided with it.
    pub(crate) fn apply(&mut self, line: Line) {
        self.lines = self.lines.saturating_add(1);
        match line {
            Line::Executed(executed) => self.apply_executed(*executed),
            Line::Note(note) => match *note {
                Note::Changed(change) => self.apply_change(change),
                Note::Disputed(change) => self.apply_dispute(change),
                Note::Acknowledged { event_id } => {
                    if let Some(number) = self.unacknowledged.remove(&event_id) {
                        self.events.remove(&number);
                    }
                }
            },
        }
    }

    fn apply_executed(&mut self, executed: Executed) {
        let Executed { entry, event_id } = executed;
        let place = self.entries.len();
        self.by_key.insert(entry.order.connector_key.clone(), place);
        self.entries.push(entry.clone());
        let mut told = place;
        if entry.order.operation.makes_charge() {
            self.begin_charge(&entry, place);
        } else if let Some(of_charge) = self.follow_up(&entry) {
            told = of_charge;
        }
        self.expect_dispute(&entry);
        self.tell_of_entry(event_id, told, entry.executed_at);
    }

    fn begin_charge(&mut self, entry: &Entry, place: usize) {
        let Some(id) = &entry.result_charge_id else { return };
        let mut charge = Charge {
            place,
            behaviour: Behaviour::of(&entry.order.token),
            currency: entry.order.currency,
            account: Account::default(),
            standing: Standing::Dead,
            void_was_declined: false,
            disputes: Vec::new(),
            dispute_due_at: None,
        };
        match (entry.outcome, &entry.action) {
            (Outcome::Approved, _) => charge.approve(entry),
            (Outcome::Pending, Some(action)) => {
                charge.standing = Standing::Waiting(action.expires_at);
                self.due.insert((action.expires_at, Due::Action(entry.sequence)));
            }
            _ => {}
        }
        self.charges.insert(id.clone(), charge);
    }

    /// Gives the place of the entry that made the charge, where that is what has changed.
    fn follow_up(&mut self, entry: &Entry) -> Option<usize> {
        let charge = self.charges.get_mut(entry.charge())?;
        let operation = entry.order.operation;
        if entry.outcome != Outcome::Approved {
            charge.void_was_declined |= operation == Operation::Void;
            return None;
        }
        charge.account.apply(operation, entry.order.amount_minor);
        match operation {
            Operation::Cancel => {
                let place = charge.place;
                self.settle(place, |entry| {
                    entry.settled(Outcome::Declined, Some("canceled".to_owned()), None)
                });
                return Some(place);
            }
            Operation::Refund if charge.behaviour == Behaviour::FailRefundLater => {
                let fails_at = entry.executed_at + self.terms.late;
                self.due.insert((fails_at, Due::RefundFailure(entry.sequence)));
            }
            _ => {}
        }
        None
    }

    /// The first time that money is taken of a charge that its buyer will dispute.
    fn expect_dispute(&mut self, entry: &Entry) {
        let late = self.terms.late;
        let takes = entry.outcome == Outcome::Approved && entry.order.operation.takes_money();
        let Some(charge) = self.charges.get_mut(entry.charge()).filter(|_| takes) else {
            return;
        };
        let is_first = charge.account.captured_minor == entry.order.amount_minor;
        if is_first && entry.order.amount_minor > 0 && charge.behaviour == Behaviour::DisputeLater {
            let due_at = entry.executed_at + late;
            charge.dispute_due_at = Some(due_at);
            self.due.insert((due_at, Due::Dispute(entry.charge().to_owned())));
        }
    }

    fn apply_change(&mut self, change: Change) {
        let place = usize::try_from(change.sequence.saturating_sub(1)).unwrap_or(usize::MAX);
        self.settle(place, |entry| {
            entry.settled(change.outcome, change.decline_code, change.expires_at)
        });
        self.tell_of_entry(Some(change.event_id), place, change.changed_at);
    }

    /// Gives an entry another outcome, with all that hangs on it.
    fn settle(&mut self, place: usize, outcome: impl FnOnce(&Entry) -> Entry) {
        let Some(entry) = self.entries.get_mut(place) else {
            return;
        };
        let after = outcome(entry);
        let before = std::mem::replace(entry, after);
        let after = &*entry;
        if let Some(action) = &before.action {
            self.due
                .remove(&(action.expires_at, Due::Action(before.sequence)));
        }
        let Some(charge) = self.charges.get_mut(before.charge()) else {
            return;
        };
        match (before.order.operation, before.outcome, after.outcome) {
            (operation, Outcome::Pending, Outcome::Approved) if operation.makes_charge() => {
                charge.approve(after);
            }
            (operation, Outcome::Pending, _) if operation.makes_charge() => charge.standing = Standing::Dead,
            (Operation::Refund, Outcome::Approved, Outcome::Declined) => {
                charge.account.take_back(before.order.amount_minor);
                let fails_at = before.executed_at + self.terms.late;
                self.due.remove(&(fails_at, Due::RefundFailure(before.sequence)));
            }
            _ => {}
        }
    }

    fn apply_dispute(&mut self, change: DisputeChange) {
        let DisputeChange {
            dispute,
            stage,
            evidence,
            event_id,
        } = change;
        let id = dispute.dispute_id.clone();
        if let Some(evidence) = evidence {
            self.evidence
                .insert(evidence.connector_key.clone(), (id.clone(), evidence));
        }
        if let Some(charge) = self.charges.get_mut(&dispute.charge_id) {
            if !charge.disputes.contains(&id) {
                charge.disputes.push(id.clone());
            }
            // Whoever opened it: the buyer who was to dispute the charge has.
            if let Some(due_at) = charge.dispute_due_at.take() {
                self.due
                    .remove(&(due_at, Due::Dispute(dispute.charge_id.clone())));
            }
        }
        self.tell(Event {
            id: event_id,
            kind: Kind::DisputeUpdated,
            created_at: dispute.updated_at,
            charge_id: dispute.charge_id.clone(),
            manner: self
                .charges
                .get(&dispute.charge_id)
                .and_then(|c| c.behaviour.manner()),
            data: Data::Dispute(Box::new(dispute.clone())),
        });
        self.disputes.insert(id, Case { dispute, stage });
    }

    fn tell_of_entry(
        &mut self,
        event_id: Option<String>,
        place: usize,
        created_at: chrono::DateTime<chrono::Utc>,
    ) {
        let (Some(id), Some(entry)) = (event_id, self.entries.get(place)) else {
            return;
        };
        self.tell(Event {
            id,
            kind: Kind::ChargeUpdated,
            created_at,
            charge_id: entry.charge().to_owned(),
            manner: self
                .charges
                .get(entry.charge())
                .and_then(|c| c.behaviour.manner()),
            data: Data::Entry(Box::new(entry.clone())),
        });
    }

    fn tell(&mut self, event: Event) {
        self.unacknowledged.insert(event.id.clone(), self.lines);
        self.events.insert(self.lines, event);
    }
}

impl Charge {
    fn approve(&mut self, entry: &Entry) {
        self.standing = match entry.order.operation {
            Operation::Sale => Standing::Sold,
            _ => Standing::Authorized(entry.expires_at),
        };
        self.account
            .apply(entry.order.operation, entry.order.amount_minor);
    }
}
