//! A buyer's dispute of a charge, and the ways that it can go.

use chrono::{DateTime, TimeDelta, Utc};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How long after its opening, or after it became serious, evidence is expected. Nothing is refused for being late:
/// whoever decides says what that means.
pub(crate) const EVIDENCE_TIME: TimeDelta = TimeDelta::days(7);

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DisputeState)]
pub enum State {
    /// The bank asks; no money has moved.
    Warning,
    /// The money is taken back unless evidence says otherwise.
    NeedsResponse,
    /// Evidence was given.
    UnderReview,
    /// For us: the money stays.
    Won,
    /// For the buyer.
    Lost,
    /// It did not get further than a warning.
    WarningClosed,
}

impl std::fmt::Display for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Warning => "warning",
            Self::NeedsResponse => "needs_response",
            Self::UnderReview => "under_review",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::WarningClosed => "warning_closed",
        })
    }
}

/// How a dispute begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DisputeStage)]
pub enum Stage {
    /// As a question.
    Warning,
    /// In earnest.
    #[default]
    NeedsResponse,
}

/// What the bank decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DisputeVerdict)]
pub enum Verdict {
    /// For us.
    Won,
    /// For the buyer.
    Lost,
    /// The question was answered.
    WarningClosed,
    /// The question became a dispute in earnest.
    NeedsResponse,
}

impl State {
    /// The state after evidence; none where nobody waits for it.
    pub(crate) fn after_evidence(self) -> Option<Self> {
        match self {
            Self::Warning | Self::NeedsResponse => Some(Self::UnderReview),
            Self::UnderReview | Self::Won | Self::Lost | Self::WarningClosed => None,
        }
    }

    /// The state after a decision; none where it can't be made. `stage` is the last one before any review: a mere
    /// warning is not won or lost, and what is in earnest can't be closed like one.
    pub(crate) fn after(self, verdict: Verdict, stage: Stage) -> Option<Self> {
        if matches!(self, Self::Won | Self::Lost | Self::WarningClosed) {
            return None;
        }
        match (stage, verdict) {
            (Stage::Warning, Verdict::WarningClosed) => Some(Self::WarningClosed),
            (Stage::Warning, Verdict::NeedsResponse) => Some(Self::NeedsResponse),
            (Stage::NeedsResponse, Verdict::Won) => Some(Self::Won),
            (Stage::NeedsResponse, Verdict::Lost) => Some(Self::Lost),
            (Stage::Warning, Verdict::Won | Verdict::Lost)
            | (Stage::NeedsResponse, Verdict::WarningClosed | Verdict::NeedsResponse) => None,
        }
    }

    /// Whether the buyer's claim is not refuted: open, or lost.
    pub(crate) fn stands(self) -> bool {
        !matches!(self, Self::Won | Self::WarningClosed)
    }
}

/// A buyer's dispute of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[allow(
    clippy::struct_field_names,
    reason = "beside charge_id, a mere id would be unclear"
)]
pub struct Dispute {
    /// `dsp_...`
    pub dispute_id: String,
    /// The charge that it is about.
    pub charge_id: String,
    /// How much of it, in minor units.
    pub amount_minor: i64,
    /// The charge's currency.
    pub currency: Currency,
    /// What the buyer says, for example `fraudulent`.
    pub reason: String,
    /// Where it stands.
    pub state: State,
    /// Until when evidence is expected.
    pub evidence_due_at: DateTime<Utc>,
    /// When it last changed.
    pub updated_at: DateTime<Utc>,
}

/// That a charge is disputed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    /// The charge.
    pub charge_id: String,
    /// How much of it, in minor units, 1 or more.
    #[schema(minimum = 1)]
    pub amount_minor: i64,
    /// What the buyer says, for example `fraudulent`.
    #[schema(min_length = 1, max_length = 255)]
    pub reason: String,
    /// How it begins; in earnest, where nothing is said.
    #[serde(default)]
    pub stage: Stage,
}

/// What we say to a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// The caller's name for this submission: one key is taken once.
    #[schema(min_length = 1, max_length = 255)]
    pub connector_key: String,
    /// In words.
    pub text: String,
    /// What goes with it.
    #[serde(default)]
    pub files: Vec<File>,
}

/// A file of the evidence; the network takes its name and hash for the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EvidenceFile)]
pub struct File {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub content_type: String,
    /// SHA-256 of its content: 64 hexadecimal digits.
    pub sha256: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dispute_goes_the_ways_of_the_table_and_no_other() {
        use State::{Lost, NeedsResponse, UnderReview, Warning, WarningClosed, Won};
        let verdicts = [
            Verdict::Won,
            Verdict::Lost,
            Verdict::WarningClosed,
            Verdict::NeedsResponse,
        ];
        for (state, stage, evidence, after) in [
            (
                Warning,
                Stage::Warning,
                Some(UnderReview),
                [None, None, Some(WarningClosed), Some(NeedsResponse)],
            ),
            (
                UnderReview,
                Stage::Warning,
                None,
                [None, None, Some(WarningClosed), Some(NeedsResponse)],
            ),
            (
                NeedsResponse,
                Stage::NeedsResponse,
                Some(UnderReview),
                [Some(Won), Some(Lost), None, None],
            ),
            (
                UnderReview,
                Stage::NeedsResponse,
                None,
                [Some(Won), Some(Lost), None, None],
            ),
            (Won, Stage::NeedsResponse, None, [None; 4]),
            (Lost, Stage::NeedsResponse, None, [None; 4]),
            (WarningClosed, Stage::Warning, None, [None; 4]),
        ] {
            assert_eq!(state.after_evidence(), evidence, "{state:?}");
            let seen = verdicts.map(|verdict| state.after(verdict, stage));
            assert_eq!(seen, after, "{state:?} {stage:?}");
        }
    }
}
