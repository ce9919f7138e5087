//! The timeline of a payment as clients see it.

use bus::Record;
use chrono::{DateTime, Utc};
use ids::{ChangeId, PaymentId, TransactionId};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use super::{DisputeView, EvidenceView, FailureView, RouteView};
use crate::domain::{Cause, Command, ConnectorName, Operation, OperationState};
use crate::ops::{Timeline, recorded_at};
use crate::store::timeline::{ChangeNote, OperationNote};

/// Everything that happened to a payment, the oldest first.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct TimelineView {
    /// The payment.
    pub payment_id: PaymentId,
    /// What happened.
    pub items: Vec<ItemView>,
    /// Services that did not answer: what they know is missing here. Ask again later.
    pub silent: Vec<String>,
}

/// One thing that happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ItemView {
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum What {
    /// It was decided to whom the payment is offered.
    Route(RouteView),
    /// Something was asked of the payment.
    Change(ChangeView),
    /// Something was asked of a connector.
    Operation(OperationView),
    /// Something was told to other services.
    Event(EventView),
    /// A buyer's bank disputed it.
    Dispute(DisputeView),
    /// Something was said against that.
    Evidence(EvidenceView),
    /// A line was priced: as GET /v1/settlement-lines shows it.
    #[schema(value_type = Object)]
    SettlementLine(Value),
    /// Something was booked: as GET /v1/journal-entries shows it.
    #[schema(value_type = Object)]
    JournalEntry(Value),
}

/// Something that was asked of a payment.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ChangeView {
    /// Its name.
    pub id: ChangeId,
    /// What was asked.
    pub command: Command,
    /// For how much in all, in minor units.
    pub amount_minor: Option<i64>,
    /// Why.
    pub reason: Option<String>,
    /// By whom.
    pub requested_by: String,
}

/// Something that was asked of a connector.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct OperationView {
    /// Its name.
    pub id: TransactionId,
    /// Which tender of the payment.
    pub tender_number: i32,
    /// What was asked.
    pub operation: Operation,
    /// Why.
    pub cause: Cause,
    /// Who was asked.
    pub connector: ConnectorName,
    /// The change that it carries out.
    pub change_id: Option<ChangeId>,
    /// Where it stands.
    pub state: OperationState,
    /// For how much, in minor units.
    pub amount_minor: i64,
    /// The connector's own name for what it did.
    pub connector_reference: Option<String>,
    /// Why it was not done.
    pub failure: Option<FailureView>,
    /// How often it was taken up after whoever began it was gone.
    pub attempts: i32,
    /// When it moved last.
    pub updated_at: DateTime<Utc>,
}

/// Something that was told to other services.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct EventView {
    /// On which topic.
    pub topic: String,
    /// As the how manieth of this payment on that topic.
    pub number: i64,
    /// What was told.
    #[schema(value_type = Object)]
    pub payload: Value,
}

impl From<OperationNote> for OperationView {
    fn from(note: OperationNote) -> Self {
        Self {
            id: note.id,
            tender_number: note.tender_number,
            operation: note.operation,
            cause: note.cause,
            connector: note.connector,
            change_id: note.change_id,
            state: note.state,
            amount_minor: note.amount_minor,
            connector_reference: note.connector_reference,
            failure: note.failure.as_ref().map(FailureView::from),
            attempts: note.attempts,
            updated_at: note.updated_at,
        }
    }
}

impl From<ChangeNote> for ChangeView {
    fn from(note: ChangeNote) -> Self {
        Self {
            id: note.id,
            command: note.command,
            amount_minor: note.amount_minor,
            reason: note.reason,
            requested_by: note.requested_by,
        }
    }
}

impl From<&Record> for EventView {
    fn from(record: &Record) -> Self {
        Self {
            topic: record.topic.name.to_owned(),
            number: record.number,
            payload: serde_json::from_str(record.payload.get()).unwrap_or_default(),
        }
    }
}

impl From<Timeline> for TimelineView {
    fn from(timeline: Timeline) -> Self {
        let payment = timeline.payment;
        let mut items = Vec::new();
        let mut add = |at: DateTime<Utc>, what: What| items.push(ItemView { at, what });
        if let Some(route) = timeline.route {
            add(payment.created_at, What::Route(route.into()));
        }
        for change in timeline.changes {
            add(change.created_at, What::Change(change.into()));
        }
        for operation in timeline.operations {
            add(operation.created_at, What::Operation(operation.into()));
        }
        for event in &timeline.events {
            add(event.occurred_at, What::Event(event.into()));
        }
        for dispute in &timeline.disputes {
            add(
                dispute.opened_at,
                What::Dispute(DisputeView::of(dispute, &payment)),
            );
        }
        for evidence in &timeline.evidence {
            add(evidence.submitted_at, What::Evidence(evidence.into()));
        }
        for line in timeline.settlement_lines {
            let at = recorded_at(&line).unwrap_or(payment.created_at);
            add(at, What::SettlementLine(line));
        }
        for entry in timeline.journal_entries {
            let at = recorded_at(&entry).unwrap_or(payment.created_at);
            add(at, What::JournalEntry(entry));
        }
        // Stable: what happened at one instant stays in the order above, the question before its outcome.
        items.sort_by_key(|item| item.at);
        Self {
            payment_id: payment.id,
            items,
            silent: timeline.silent.into_iter().map(str::to_owned).collect(),
        }
    }
}
