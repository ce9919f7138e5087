//! What the network knows, made of the journal's lines in their order. The same lines always make the same ledger.

mod actions;
mod apply;
mod cases;
mod due;
mod execute;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, TimeDelta, Utc};
use money::Currency;

pub(crate) use actions::{Choice, Undecided};
pub(crate) use cases::Refusal;
use due::Due;
pub(crate) use execute::Decision;

use crate::account::Account;
use crate::behaviour::Behaviour;
use crate::charge::{Entry, Operation, Order, Outcome};
use crate::dispute::{Dispute, Evidence, Stage};
use crate::event::Event;

/// What the network's owner has settled.
#[derive(Debug, Clone)]
pub(crate) struct Terms {
    /// How long an authorization is good for.
    pub(crate) authorization: TimeDelta,
    /// How long a buyer may take to decide.
    pub(crate) action: TimeDelta,
    /// After what time happens what tokens order for later.
    pub(crate) late: TimeDelta,
    /// Where a buyer's browser reaches the network, without a slash at the end.
    pub(crate) public_url: String,
}

/// The state of the network.
#[derive(Debug, Clone)]
pub(crate) struct Ledger {
    terms: Terms,
    /// As they are now, in the order of their execution.
    entries: Vec<Entry>,
    by_key: HashMap<String, usize>,
    charges: HashMap<String, Charge>,
    disputes: HashMap<String, Case>,
    /// What was handed in, and in which dispute, by its key.
    evidence: HashMap<String, (String, Evidence)>,
    /// What happens by itself, the next first.
    due: BTreeSet<(DateTime<Utc>, Due)>,
    /// What has not been acknowledged, by the number of its line.
    events: BTreeMap<u64, Event>,
    /// The numbers in `events`, by the event's id.
    unacknowledged: HashMap<String, u64>,
    lines: u64,
}

#[derive(Debug, Clone)]
struct Charge {
    /// Where the entry that made it is.
    place: usize,
    behaviour: Behaviour,
    currency: Currency,
    account: Account,
    standing: Standing,
    void_was_declined: bool,
    disputes: Vec<String>,
    /// When a dispute opens by itself.
    dispute_due_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// The buyer has until then.
    Waiting(DateTime<Utc>),
    /// An authorization, good until then; one of an old journal for ever.
    Authorized(Option<DateTime<Utc>>),
    /// Taken at once: nothing is held.
    Sold,
    /// It came to nothing.
    Dead,
}

/// A dispute, and what is not told of it.
#[derive(Debug, Clone)]
struct Case {
    dispute: Dispute,
    stage: Stage,
}

/// How much the network did, failed refunds and undecided charges left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Totals {
    pub(crate) entries: usize,
    pub(crate) charges: usize,
    pub(crate) captured: usize,
    pub(crate) refunded: usize,
}

impl Ledger {
    pub(crate) fn new(terms: Terms) -> Self {
        Self {
            terms,
            entries: Vec::new(),
            by_key: HashMap::new(),
            charges: HashMap::new(),
            disputes: HashMap::new(),
            evidence: HashMap::new(),
            due: BTreeSet::new(),
            events: BTreeMap::new(),
            unacknowledged: HashMap::new(),
            lines: 0,
        }
    }

    /// The entry of that key, as it is now.
    pub(crate) fn find(&self, connector_key: &str) -> Option<&Entry> {
        self.entries.get(*self.by_key.get(connector_key)?)
    }

    /// The entries, as they are now, in the order of their execution.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry that had that charge made by its buyer's decision, as it is now.
    pub(crate) fn asked(&self, charge_id: &str) -> Option<&Entry> {
        let charge = self.charges.get(charge_id)?;
        let entry = self.entries.get(charge.place)?;
        Some(entry).filter(|_| charge.behaviour == Behaviour::AskBuyer)
    }

    /// The dispute of that id.
    pub(crate) fn dispute(&self, dispute_id: &str) -> Option<&Dispute> {
        self.disputes.get(dispute_id).map(|case| &case.dispute)
    }

    /// How the network treats that order: as the charge that it makes, or is about, was made.
    pub(crate) fn behaviour(&self, order: &Order) -> Behaviour {
        let known = order.charge_id.as_ref().and_then(|id| self.charges.get(id));
        known.map_or_else(|| Behaviour::of(&order.token), |charge| charge.behaviour)
    }

    /// The events that have not been acknowledged, after that number, with theirs.
    pub(crate) fn events_after(&self, number: u64) -> impl Iterator<Item = (u64, &Event)> {
        let later = self.events.range(number.saturating_add(1)..);
        later.map(|(number, event)| (*number, event))
    }

    /// Whether that event has not been acknowledged.
    pub(crate) fn awaits(&self, event_id: &str) -> bool {
        self.unacknowledged.contains_key(event_id)
    }

    pub(crate) fn totals(&self) -> Totals {
        let approved = |is_wanted: fn(Operation) -> bool| {
            let is_one = |e: &&Entry| e.outcome == Outcome::Approved && is_wanted(e.order.operation);
            self.entries.iter().filter(is_one).count()
        };
        Totals {
            entries: self.entries.len(),
            charges: approved(Operation::makes_charge),
            captured: approved(Operation::takes_money),
            refunded: approved(|operation| operation == Operation::Refund),
        }
    }
}
