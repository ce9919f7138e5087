//! The table `disputes`.

use chrono::{DateTime, Utc};
use contracts::events::DisputeState;
use ids::{DisputeId, PaymentId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{value, word};
use crate::domain::ConnectorName;
use crate::domain::dispute::{self, Dispute};

struct Row {
    dispute_id: Uuid,
    payment_id: Uuid,
    tender_number: i32,
    connector: String,
    connector_reference: String,
    amount_minor: i64,
    reason: String,
    state: String,
    is_withdrawn: bool,
    parts: serde_json::Value,
    version: i32,
    evidence_due_at: Option<DateTime<Utc>>,
    opened_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl TryFrom<Row> for Dispute {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            id: DisputeId::from_uuid(row.dispute_id),
            payment_id: PaymentId::from_uuid(row.payment_id),
            tender_number: row.tender_number,
            connector: word(&row.connector)?,
            reference: row.connector_reference,
            amount_minor: row.amount_minor,
            reason: row.reason,
            state: value(dispute::state_of(&row.state), "state")?,
            is_withdrawn: row.is_withdrawn,
            parts: value(serde_json::from_value(row.parts).ok(), "parts")?,
            version: row.version,
            evidence_due_at: row.evidence_due_at,
            opened_at: row.opened_at,
            changed_at: row.changed_at,
        })
    }
}

/// The dispute of that id.
pub async fn one(conn: &mut PgConnection, id: DisputeId) -> Result<Option<Dispute>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select dispute_id, payment_id, tender_number, connector, connector_reference, amount_minor, reason, state,
                is_withdrawn, parts, version, evidence_due_at, opened_at, changed_at
           from disputes where dispute_id = $1",
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await?;
    row.map(Dispute::try_from).transpose()
}

/// The disputes of a payment, the oldest first.
pub async fn of_payment(conn: &mut PgConnection, payment: PaymentId) -> Result<Vec<Dispute>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select dispute_id, payment_id, tender_number, connector, connector_reference, amount_minor, reason, state,
                is_withdrawn, parts, version, evidence_due_at, opened_at, changed_at
           from disputes where payment_id = $1 order by dispute_id",
        payment.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Dispute::try_from).collect()
}

/// What a list of disputes is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of this payment.
    pub payment_id: Option<PaymentId>,
    /// In this state.
    pub state: Option<DisputeState>,
    /// Older than this one.
    pub before: Option<Uuid>,
}

/// At most `limit` disputes, the newest first.
pub async fn list(conn: &mut PgConnection, wanted: &Wanted, limit: i64) -> Result<Vec<Dispute>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select dispute_id, payment_id, tender_number, connector, connector_reference, amount_minor, reason, state,
                is_withdrawn, parts, version, evidence_due_at, opened_at, changed_at
           from disputes
          where ($1::uuid is null or payment_id = $1)
            and ($2::text is null or state = $2)
            and dispute_id < coalesce($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
          order by dispute_id desc limit $4",
        wanted.payment_id.map(PaymentId::as_uuid),
        wanted.state.map(dispute::word),
        wanted.before,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Dispute::try_from).collect()
}

/// Which payment and tender the charge of that name began.
pub async fn disputed(
    conn: &mut PgConnection,
    connector: ConnectorName,
    charge: &str,
) -> Result<Option<(PaymentId, i32)>, sqlx::Error> {
    let row = sqlx::query_file!("src/store/disputed.sql", connector.as_str(), charge)
        .fetch_optional(conn)
        .await?;
    Ok(row.map(|row| (PaymentId::from_uuid(row.payment_id), row.tender_number)))
}

/// Writes a dispute that is new, or what became of one. The caller holds the lock of its payment.
pub async fn put(conn: &mut PgConnection, dispute: &Dispute) -> Result<(), sqlx::Error> {
    let parts = serde_json::to_value(&dispute.parts).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query!(
        "insert into disputes (dispute_id, payment_id, tender_number, connector, connector_reference, amount_minor,
                               reason, state, is_withdrawn, parts, version, evidence_due_at, opened_at, changed_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict on constraint disputes_pk do update
            set state = excluded.state, is_withdrawn = excluded.is_withdrawn, parts = excluded.parts,
                version = excluded.version, evidence_due_at = excluded.evidence_due_at, changed_at = excluded.changed_at",
        dispute.id.as_uuid(),
        dispute.payment_id.as_uuid(),
        dispute.tender_number,
        dispute.connector.as_str(),
        dispute.reference,
        dispute.amount_minor,
        dispute.reason,
        dispute::word(dispute.state),
        dispute.is_withdrawn,
        parts,
        dispute.version,
        dispute.evidence_due_at,
        dispute.opened_at,
        dispute.changed_at
    )
    .execute(conn)
    .await?;
    Ok(())
}
