//! Evidence against a dispute: kept first, then given to the connector until it says that it has it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use contracts::Caller;
use ids::{DisputeId, EvidenceId};
use once::{Answer, KeyedRequest};
use tokio::task::JoinSet;

use super::{Answered, Payments, keep, pause, settled};
use crate::connectors::Submitted;
use crate::domain::evidence::{Evidence, EvidenceState, File};
use crate::error::Error;
use crate::store::{disputes, evidence, reading};
use crate::view::EvidenceView;

/// Evidence that one round takes up.
const ROUND: u32 = 4;
/// How long one belongs to whoever took it up, beyond the time that its connector has to answer.
const LEASE: TimeDelta = TimeDelta::seconds(60);
const FIRST_PAUSE_MS: i64 = 1_000;
const LONGEST_PAUSE_MS: i64 = 600_000;

/// What is to be said against a dispute, checked.
#[derive(Debug, Clone)]
pub struct EvidenceRequest {
    /// Who says it.
    pub caller: Caller,
    /// Under which key.
    pub key: KeyedRequest,
    /// Against which dispute.
    pub dispute_id: DisputeId,
    /// In words.
    pub text: String,
    /// In files.
    pub files: Vec<File>,
}

impl Payments {
    /// Keeps evidence and answers 202; the worker gives it to the connector.
    pub async fn submit(&self, request: EvidenceRequest) -> Result<Answered, Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let granted = match once::claim(work.conn(), &request.key, now, self.lease()).await? {
            once::Claim::Granted(granted) => granted,
            other => return settled(other),
        };
        let dispute = disputes::one(work.conn(), request.dispute_id)
            .await?
            .ok_or(Error::NoDispute(request.dispute_id))?;
        // Whoever changes a dispute holds this lock.
        reading::lock(work.conn(), dispute.payment_id).await?;
        let dispute = disputes::one(work.conn(), request.dispute_id)
            .await?
            .ok_or(Error::NoDispute(request.dispute_id))?;
        if !dispute.takes_evidence() {
            return Err(Error::NoEvidence {
                dispute_id: dispute.id,
                state: dispute.state,
            });
        }
        let evidence = Evidence {
            id: EvidenceId::generate(),
            dispute_id: dispute.id,
            text: request.text,
            files: request.files,
            submitted_by: request.caller.id,
            submitted_at: now,
            state: EvidenceState::Waiting,
            problem: None,
            attempts: 0,
        };
        evidence::insert(work.conn(), &evidence, now).await?;
        let answer = Answer {
            status: 202,
            body: serde_json::to_vec(&EvidenceView::from(&evidence))?,
            subject: Some(evidence.id.to_string()),
        };
        keep(&mut work, &granted, &answer).await?;
        work.commit().await?;
        Ok(Answered::first(answer))
    }

    /// What was said against a dispute, the oldest first.
    pub async fn evidence(&self, id: DisputeId) -> Result<Vec<Evidence>, Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        disputes::one(&mut conn, id).await?.ok_or(Error::NoDispute(id))?;
        Ok(evidence::of_dispute(&mut conn, id).await?)
    }

    /// Gives evidence that is due to its connectors; returns how much. Disputes are side by side, so that none waits for
    /// another; what is said against one goes in its order, since connectors hear the first of it.
    pub async fn work_off_evidence(&self) -> Result<usize, Error> {
        let now = self.now();
        // Those of one dispute wait for each other.
        let until = now + self.0.connectors.deadline() * ROUND + LEASE;
        let mut work = self.0.outbox.begin().await?;
        let taken = evidence::take_due(work.conn(), now, until, ROUND.into()).await?;
        work.commit().await?;
        let many = taken.len();
        let mut disputes: BTreeMap<DisputeId, BTreeSet<EvidenceId>> = BTreeMap::new();
        for (dispute_id, evidence_id) in taken {
            disputes.entry(dispute_id).or_default().insert(evidence_id);
        }
        let mut working = JoinSet::new();
        for (dispute_id, due) in disputes {
            let payments = self.clone();
            working.spawn(async move {
                if let Err(error) = payments.hand_over(dispute_id, &due).await {
                    // Their lease ends, and then they are taken up again.
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(%dispute_id, error, "evidence could not be handed over");
                }
            });
        }
        while working.join_next().await.is_some() {}
        Ok(many)
    }

    /// Hands over what is due of what was said against one dispute.
    async fn hand_over(&self, dispute_id: DisputeId, due: &BTreeSet<EvidenceId>) -> Result<(), Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        let dispute = disputes::one(&mut conn, dispute_id)
            .await?
            .ok_or(Error::NoDispute(dispute_id))?;
        let mut all = evidence::of_dispute(&mut conn, dispute_id).await?;
        drop(conn);
        all.retain(|one| due.contains(&one.id));
        for evidence in all {
            let (state, problem) = match self.0.connectors.submit(&dispute, &evidence).await {
                Submitted::Accepted => (EvidenceState::Accepted, None),
                Submitted::Refused(why) => (EvidenceState::Refused, Some(why)),
                Submitted::NoAnswer(why) => (EvidenceState::Waiting, Some(why)),
            };
            let time = u32::try_from(evidence.attempts).unwrap_or(1);
            let again_at = self.now() + pause(time, FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
            let due_at = (state == EvidenceState::Waiting).then_some(again_at);
            let mut work = self.0.outbox.begin().await?;
            evidence::settle(work.conn(), evidence.id, state, problem.as_deref(), due_at).await?;
            work.commit().await?;
        }
        Ok(())
    }
}
