//! Disputes, and what is said against them: <https://docs.stripe.com/api/disputes>.

use chrono::{DateTime, TimeDelta, Utc};
use contracts::events::DisputeState;
use serde::Deserialize;

use super::amount::from_stripe;
use super::ask::Ask;
use super::intent::Metadata;
use super::refusal::{Verdict, reason};
use super::wire::{Fault, Wire};
use crate::connectors::Submitted;
use crate::domain::dispute::DisputeNews;
use crate::domain::evidence::Evidence;

/// The part of a dispute that counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct StripeDispute {
    id: String,
    payment_intent: Option<String>,
    amount: i64,
    currency: String,
    reason: String,
    status: Status,
    evidence_details: Option<EvidenceDetails>,
    #[serde(default, deserialize_with = "Metadata::or_none")]
    metadata: Metadata,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    WarningNeedsResponse,
    WarningUnderReview,
    WarningClosed,
    NeedsResponse,
    UnderReview,
    Won,
    Lost,
    /// It was settled before it became one.
    Prevented,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct EvidenceDetails {
    due_by: Option<i64>,
}

impl Status {
    /// The state, and its place among those of one second.
    fn state(self) -> (DisputeState, i64) {
        match self {
            Self::WarningNeedsResponse => (DisputeState::Warning, 0),
            Self::NeedsResponse => (DisputeState::NeedsResponse, 1),
            Self::WarningUnderReview | Self::UnderReview => (DisputeState::UnderReview, 2),
            Self::WarningClosed | Self::Prevented => (DisputeState::WarningClosed, 3),
            Self::Won => (DisputeState::Won, 3),
            Self::Lost => (DisputeState::Lost, 3),
        }
    }

    /// Whether the bank has the money: of a review too, since Stripe has another word for that of a mere warning.
    fn is_withdrawn(self) -> bool {
        match self {
            Self::NeedsResponse | Self::UnderReview | Self::Lost => true,
            Self::WarningNeedsResponse
            | Self::WarningUnderReview
            | Self::WarningClosed
            | Self::Won
            | Self::Prevented => false,
        }
    }
}

impl StripeDispute {
    /// What it tells, as of `told_at`. Stripe's time is in seconds, and news of the same instant counts once: within a
    /// second a dispute only goes forward.
    pub(super) fn news(self, told_at: DateTime<Utc>) -> Result<DisputeNews, String> {
        let amount = from_stripe(self.amount, &self.currency)
            .ok_or_else(|| format!("{} {} is no amount here", self.amount, self.currency))?;
        let (state, place) = self.status.state();
        let due = self.evidence_details.and_then(|details| details.due_by);
        Ok(DisputeNews {
            charge: self
                .payment_intent
                .ok_or_else(|| format!("{} is of no payment intent", self.id))?,
            reference: self.id,
            amount,
            reason: self.reason,
            state,
            is_withdrawn: Some(self.status.is_withdrawn()),
            evidence_due_at: due.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
            changed_at: told_at + TimeDelta::milliseconds(place),
        })
    }
}

#[derive(Debug, Deserialize)]
struct Uploaded {
    id: String,
}

/// Hands evidence over, for good: Stripe hears one submission of a dispute.
pub(super) async fn submit(wire: &Wire, dispute: &str, evidence: &Evidence) -> Submitted {
    let key = evidence.id.to_string();
    let file = match evidence.files.as_slice() {
        [] => None,
        [file] => match wire.ask::<Uploaded>(&Ask::Upload { file, key: &key }).await {
            Ok(uploaded) => Some(uploaded.id),
            Err(fault) => return refused(&fault),
        },
        _ => {
            let why = "Stripe takes one file of evidence: put them together into one PDF";
            return Submitted::Refused(why.to_owned());
        }
    };
    let ask = Ask::Evidence {
        dispute,
        text: &evidence.text,
        file: file.as_deref(),
        key: &key,
    };
    match wire.ask::<StripeDispute>(&ask).await {
        Ok(_) => Submitted::Accepted,
        // A repeat is refused, long after the first: whether it is one stands with the dispute.
        Err(fault) => match refused(&fault) {
            Submitted::Refused(why) => match wire.ask::<StripeDispute>(&Ask::Dispute { dispute }).await {
                Ok(now) if now.metadata.evidence_id.as_ref() == Some(&key) => Submitted::Accepted,
                Ok(_) => Submitted::Refused(why),
                Err(fault) => Submitted::NoAnswer(reason(&fault)),
            },
            answer => answer,
        },
    }
}

fn refused(fault: &Fault) -> Submitted {
    let Fault::Refused(refusal) = fault else {
        return Submitted::NoAnswer(reason(fault));
    };
    match refusal.verdict() {
        Some(Verdict::Declined(why) | Verdict::Refused(why)) => Submitted::Refused(why.detail),
        Some(Verdict::Stranger) | None => Submitted::NoAnswer(refusal.text()),
    }
}
