//! A buyer decides on a charge.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Ledger;
use crate::charge::{Entry, Operation, Outcome};
use crate::line::{Change, Line, Note, Step, fresh_id};

/// What the buyer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BuyersDecision)]
pub(crate) enum Choice {
    /// That it is so.
    Approve,
    /// That it is not.
    Decline,
}

/// A decision that changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Undecided {
    /// No buyer was asked about such a charge.
    NotFound,
    /// It has ended otherwise, or the buyer is too late.
    TooLate(Box<Entry>),
}

impl Choice {
    fn outcome(self) -> (Outcome, Option<String>) {
        match self {
            Self::Approve => (Outcome::Approved, None),
            Self::Decline => (Outcome::Declined, Some("authentication_failed".to_owned())),
        }
    }
}

impl Ledger {
    /// What the buyer's decision leads to. The same one again, as of a button that is pressed twice, changes nothing.
    pub(crate) fn decide(
        &self,
        charge_id: &str,
        choice: Choice,
        now: DateTime<Utc>,
    ) -> Step<Result<Entry, Undecided>> {
        let Some(entry) = self.asked(charge_id) else {
            return Step::none(Err(Undecided::NotFound));
        };
        let (outcome, decline_code) = choice.outcome();
        if (entry.outcome, &entry.decline_code) == (outcome, &decline_code) {
            return Step::none(Ok(entry.clone()));
        }
        if entry
            .action
            .as_ref()
            .is_none_or(|action| action.expires_at <= now)
        {
            return Step::none(Err(Undecided::TooLate(Box::new(entry.clone()))));
        }
        let (line, after) = self.change(entry, outcome, decline_code, now);
        Step::one(line, Ok(after))
    }

    /// A line that gives `entry` another outcome, and the entry as it will be then.
    pub(super) fn change(
        &self,
        entry: &Entry,
        outcome: Outcome,
        decline_code: Option<String>,
        now: DateTime<Utc>,
    ) -> (Line, Entry) {
        let is_held = entry.order.operation == Operation::Authorize && outcome == Outcome::Approved;
        let change = Change {
            sequence: entry.sequence,
            outcome,
            decline_code,
            expires_at: is_held.then(|| entry.executed_at + self.terms.authorization),
            changed_at: now,
            event_id: fresh_id("evt"),
        };
        let after = entry.settled(outcome, change.decline_code.clone(), change.expires_at);
        (Line::note(Note::Changed(change)), after)
    }
}
