//! Disputes are opened, answered and decided.

use chrono::{DateTime, Utc};

use super::{Case, Ledger};
use crate::dispute::{Claim, Dispute, EVIDENCE_TIME, Evidence, Stage, State, Verdict};
use crate::line::{DisputeChange, Line, Note, Step, fresh_id};

/// Why nothing is done about a dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// There is no such charge.
    NoCharge,
    /// More than was captured and is not disputed yet.
    ExceedsCaptured,
    /// There is no such dispute.
    NoDispute,
    /// The key stands for other evidence.
    KeyReused,
    /// It does not go this way from where it stands.
    State(State),
}

impl Ledger {
    /// Opens a dispute. What was refunded counts for nothing: a chargeback may come anyway.
    pub(crate) fn open(&self, claim: Claim, now: DateTime<Utc>) -> Step<Result<Dispute, Refusal>> {
        let Some(charge) = self.charges.get(&claim.charge_id) else {
            return Step::none(Err(Refusal::NoCharge));
        };
        let claimed_minor = charge
            .disputes
            .iter()
            .filter_map(|id| self.dispute(id))
            .filter(|dispute| dispute.state.stands())
            .fold(claim.amount_minor, |sum, dispute| {
                sum.saturating_add(dispute.amount_minor)
            });
        if claimed_minor > charge.account.captured_minor {
            return Step::none(Err(Refusal::ExceedsCaptured));
        }
        let dispute = Dispute {
            dispute_id: fresh_id("dsp"),
            charge_id: claim.charge_id,
            amount_minor: claim.amount_minor,
            currency: charge.currency,
            reason: claim.reason,
            state: match claim.stage {
                Stage::Warning => State::Warning,
                Stage::NeedsResponse => State::NeedsResponse,
            },
            evidence_due_at: now + EVIDENCE_TIME,
            updated_at: now,
        };
        changed(dispute, claim.stage, None)
    }

    /// Takes evidence, once a key.
    pub(crate) fn take_evidence(
        &self,
        dispute_id: &str,
        evidence: Evidence,
        now: DateTime<Utc>,
    ) -> Step<Result<Dispute, Refusal>> {
        let case = match self.case(dispute_id) {
            Ok(case) => case,
            Err(refusal) => return Step::none(Err(refusal)),
        };
        if let Some((of, known)) = self.evidence.get(&evidence.connector_key) {
            let is_repeat = of == dispute_id && *known == evidence;
            return Step::none(if is_repeat {
                Ok(case.dispute.clone())
            } else {
                Err(Refusal::KeyReused)
            });
        }
        let Some(state) = case.dispute.state.after_evidence() else {
            return Step::none(Err(Refusal::State(case.dispute.state)));
        };
        let dispute = Dispute {
            state,
            updated_at: now,
            ..case.dispute.clone()
        };
        changed(dispute, case.stage, Some(evidence))
    }

    /// Decides a dispute.
    pub(crate) fn judge(
        &self,
        dispute_id: &str,
        verdict: Verdict,
        now: DateTime<Utc>,
    ) -> Step<Result<Dispute, Refusal>> {
        let case = match self.case(dispute_id) {
            Ok(case) => case,
            Err(refusal) => return Step::none(Err(refusal)),
        };
        let Some(state) = case.dispute.state.after(verdict, case.stage) else {
            return Step::none(Err(Refusal::State(case.dispute.state)));
        };
        let mut dispute = Dispute {
            state,
            updated_at: now,
            ..case.dispute.clone()
        };
        if verdict == Verdict::NeedsResponse {
            dispute.evidence_due_at = now + EVIDENCE_TIME;
            return changed(dispute, Stage::NeedsResponse, None);
        }
        changed(dispute, case.stage, None)
    }

    fn case(&self, dispute_id: &str) -> Result<&Case, Refusal> {
        self.disputes.get(dispute_id).ok_or(Refusal::NoDispute)
    }
}

fn changed(dispute: Dispute, stage: Stage, evidence: Option<Evidence>) -> Step<Result<Dispute, Refusal>> {
    let change = DisputeChange {
        dispute: dispute.clone(),
        stage,
        evidence,
        event_id: fresh_id("evt"),
    };
    Step::one(Line::note(Note::Disputed(change)), Ok(dispute))
}
