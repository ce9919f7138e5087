//! What this service wrote down of one payment, thing by thing.

use chrono::{DateTime, Utc};
use ids::{ChangeId, PaymentId, TransactionId};
use sqlx::PgConnection;

use super::word;
use crate::domain::{Cause, Command, ConnectorName, Failure, Operation, OperationState};

/// An operation with its times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperationNote {
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
    pub failure: Option<Failure>,
    /// How often it was taken up by the worker.
    pub attempts: i32,
    /// When it began.
    pub created_at: DateTime<Utc>,
    /// When it moved last.
    pub updated_at: DateTime<Utc>,
}

/// The operations of a payment, in their order.
pub async fn operations(
    conn: &mut PgConnection,
    payment: PaymentId,
) -> Result<Vec<OperationNote>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select o.transaction_id, o.tender_number, o.operation, o.cause, coalesce(o.connector, p.connector) as "connector!",
                  o.change_id, o.state, o.amount_minor, o.connector_reference, o.refusal_code, o.refusal_detail,
                  o.attempts, o.created_at, o.updated_at
             from transactions o
             join payments p using (payment_id)
            where o.payment_id = $1
            order by o.created_at, o.transaction_id"#,
        payment.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let operation: Operation = word(&row.operation)?;
            let cause = row
                .cause
                .as_deref()
                .map_or(Ok(Cause::by_default(operation)), word)?;
            Ok(OperationNote {
                id: TransactionId::from_uuid(row.transaction_id),
                tender_number: row.tender_number,
                operation,
                cause,
                connector: word(&row.connector)?,
                change_id: row.change_id.map(ChangeId::from_uuid),
                state: word(&row.state)?,
                amount_minor: row.amount_minor,
                connector_reference: row.connector_reference,
                failure: row
                    .refusal_code
                    .zip(row.refusal_detail)
                    .map(|(code, detail)| Failure { code, detail }),
                attempts: row.attempts,
                created_at: row.created_at,
                updated_at: row.updated_at,
            })
        })
        .collect()
}

/// A change with its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeNote {
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
    /// When.
    pub created_at: DateTime<Utc>,
}

/// What was asked of a payment, in its order.
pub async fn changes(conn: &mut PgConnection, payment: PaymentId) -> Result<Vec<ChangeNote>, sqlx::Error> {
    let rows = sqlx::query!(
        "select change_id, kind, amount_minor, reason, requested_by, created_at
           from changes where payment_id = $1 order by change_id",
        payment.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(ChangeNote {
                id: ChangeId::from_uuid(row.change_id),
                command: word(&row.kind)?,
                amount_minor: row.amount_minor,
                reason: row.reason,
                requested_by: row.requested_by,
                created_at: row.created_at,
            })
        })
        .collect()
}
