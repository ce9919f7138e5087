//! Disputes and evidence as clients see them.

use chrono::{DateTime, Utc};
use contracts::events::{DisputeState, DisputedLine};
use ids::{DisputeId, EvidenceId, PaymentId};
use money::Currency;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::Payment;
use crate::domain::dispute::{Dispute, disputed_lines};
use crate::domain::evidence::{Evidence, EvidenceState};

/// A dispute. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DisputeView {
    /// Its name.
    pub id: DisputeId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Which tender of it.
    pub tender_number: i32,
    /// The caller's own name for the order.
    pub order_reference: String,
    /// Where it stands.
    pub state: DisputeState,
    /// Of the amounts.
    pub currency: Currency,
    /// What is disputed.
    pub amount_minor: i64,
    /// Whether the buyer's bank has the money now.
    pub is_withdrawn: bool,
    /// What is disputed of which lines; less than the amount where more is disputed than they have left.
    pub lines: Vec<DisputedLine>,
    /// Why, in the connector's words.
    pub reason: String,
    /// The connector's own name for it.
    pub connector_reference: String,
    /// Until when evidence helps.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// When it was first heard of.
    pub opened_at: DateTime<Utc>,
    /// When it changed last, as the connector says.
    pub changed_at: DateTime<Utc>,
}

impl DisputeView {
    /// The dispute of that payment.
    pub fn of(dispute: &Dispute, payment: &Payment) -> Self {
        Self {
            id: dispute.id,
            payment_id: dispute.payment_id,
            tender_number: dispute.tender_number,
            order_reference: payment.order_reference.clone(),
            state: dispute.state,
            currency: payment.currency,
            amount_minor: dispute.amount_minor,
            is_withdrawn: dispute.is_withdrawn,
            lines: disputed_lines(&payment.lines, &dispute.parts),
            reason: dispute.reason.clone(),
            connector_reference: dispute.reference.clone(),
            evidence_due_at: dispute.evidence_due_at,
            opened_at: dispute.opened_at,
            changed_at: dispute.changed_at,
        }
    }
}

/// What was said against a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EvidenceView {
    /// Its name.
    pub id: EvidenceId,
    /// Against which dispute.
    pub dispute_id: DisputeId,
    /// In words.
    pub text: String,
    /// In files.
    pub files: Vec<FileView>,
    /// By whom.
    pub submitted_by: String,
    /// When.
    pub submitted_at: DateTime<Utc>,
    /// Whether the connector has it.
    pub state: EvidenceState,
    /// Why it was refused, or not confirmed yet.
    pub problem: Option<String>,
}

/// A file of evidence; its content is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FileView {
    /// Its name.
    pub name: String,
    /// What kind it is.
    pub content_type: String,
    /// How large it is.
    pub bytes: usize,
    /// The SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        let file = |file: &crate::domain::evidence::File| FileView {
            name: file.name.clone(),
            content_type: file.content_type.clone(),
            bytes: file.content.len(),
            sha256: file.sha256(),
        };
        Self {
            id: evidence.id,
            dispute_id: evidence.dispute_id,
            text: evidence.text.clone(),
            files: evidence.files.iter().map(file).collect(),
            submitted_by: evidence.submitted_by.clone(),
            submitted_at: evidence.submitted_at,
            state: evidence.state,
            problem: evidence.problem.clone(),
        }
    }
}
