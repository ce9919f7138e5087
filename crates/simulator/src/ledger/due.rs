//! What happens by itself, in time.

use chrono::{DateTime, Utc};

use super::Ledger;
use crate::charge::Outcome;
use crate::dispute::{Claim, Stage};
use crate::line::{Line, Step};

/// How much of it one step does at most.
const AT_ONCE: usize = 1_000;

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Due {
    /// The buyer did not decide on the entry of that sequence.
    Action(u64),
    /// The refund of that sequence fails.
    RefundFailure(u64),
    /// That charge is disputed.
    Dispute(String),
}

impl Ledger {
    /// When something happens next.
    pub(crate) fn next_due(&self) -> Option<DateTime<Utc>> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What has happened by now. Each of them is about something else, so none decides about another.
    pub(crate) fn fall_due(&self, now: DateTime<Utc>) -> Step<()> {
        let fallen = self.due.iter().take_while(|(at, _)| *at <= now).take(AT_ONCE);
        Step {
            lines: fallen.filter_map(|(_, due)| self.happen(due, now)).collect(),
            answer: (),
        }
    }

    fn happen(&self, due: &Due, now: DateTime<Utc>) -> Option<Line> {
        let decline = |sequence: u64, code: &str| {
            let place = usize::try_from(sequence.checked_sub(1)?).ok()?;
            let entry = self.entries.get(place)?;
            let (line, _) = self.change(entry, Outcome::Declined, Some(code.to_owned()), now);
            Some(line)
        };
        match due {
            Due::Action(sequence) => decline(*sequence, "action_expired"),
            Due::RefundFailure(sequence) => decline(*sequence, "refund_failed"),
            Due::Dispute(charge_id) => {
                let claim = Claim {
                    charge_id: charge_id.clone(),
                    amount_minor: self.charges.get(charge_id)?.account.captured_minor,
                    reason: "fraudulent".to_owned(),
                    stage: Stage::NeedsResponse,
                };
                self.open(claim, now).lines.into_iter().next()
            }
        }
    }
}
