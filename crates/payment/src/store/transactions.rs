//! The table `transactions`: operations, and who looks after the open ones.

use chrono::{DateTime, Utc};
use ids::{PaymentId, TransactionId};
use money::{Currency, Money};
use sqlx::PgConnection;

use super::{value, word};
use crate::domain::{ConnectorName, Failure, Operation, OperationState, Transaction};

/// An open operation that someone has taken up until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The operation.
    pub id: TransactionId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// Through whom.
    pub connector: ConnectorName,
    /// What.
    pub operation: Operation,
    /// Whether it was given to the connector before, so that the connector is to be asked first.
    pub was_sent: bool,
    /// For how much.
    pub amount: Money,
    /// The key under which the connector does it once.
    pub key: String,
    /// The connector's token of the buyer's means.
    pub token: Option<String>,
    /// The connector's own name for the charge that this is about.
    pub charge: Option<String>,
    /// Which taking up this is.
    pub attempt: i32,
}

/// Takes up open operations that are due: of any payment, or of one. What another copy is about to end is left out.
pub async fn take_due(
    conn: &mut PgConnection,
    of: Option<PaymentId>,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Task>, sqlx::Error> {
    let rows = sqlx::query_file!(
        "src/store/take_due.sql",
        now,
        lease_until,
        limit,
        of.map(PaymentId::as_uuid)
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let currency = value(Currency::parse(&row.currency).ok(), "currency")?;
            let id = TransactionId::from_uuid(row.transaction_id);
            Ok(Task {
                id,
                payment_id: PaymentId::from_uuid(row.payment_id),
                connector: word(&row.connector)?,
                operation: word(&row.operation)?,
                was_sent: row.was_sent,
                amount: Money::new(row.amount_minor, currency),
                key: row.connector_key.unwrap_or_else(|| id.to_string()),
                token: row.token,
                charge: row.charge,
                attempt: row.attempts,
            })
        })
        .collect()
}

/// Marks operations that wait for their event as due. Those that went on meanwhile are left alone.
pub async fn make_due(
    conn: &mut PgConnection,
    payments: &[PaymentId],
    now: DateTime<Utc>,
) -> Result<u64, sqlx::Error> {
    let payments: Vec<_> = payments.iter().map(|id| id.as_uuid()).collect();
    let done = sqlx::query!(
        "update transactions set due_at = $2, updated_at = $2
          where payment_id = any($1) and state = 'created' and due_at is null",
        &payments,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// Writes a new operation on a payment that exists.
pub async fn insert(
    conn: &mut PgConnection,
    operation: &Transaction,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor,
                                   connector_key, due_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9)",
        operation.id.as_uuid(),
        operation.payment_id.as_uuid(),
        operation.tender_number,
        operation.operation.as_str(),
        operation.state.as_str(),
        operation.amount_minor,
        operation.connector_key,
        operation.due_at,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends an open operation; false where it was ended before.
pub async fn end(
    conn: &mut PgConnection,
    id: TransactionId,
    state: OperationState,
    reference: Option<&str>,
    refusal: Option<&Failure>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update transactions
            set state = $2, connector_reference = $3, refusal_code = $4, refusal_detail = $5, due_at = null,
                updated_at = $6
          where transaction_id = $1 and state = any($7)",
        id.as_uuid(),
        state.as_str(),
        reference,
        refusal.map(|r| r.code.as_str()),
        refusal.map(|r| r.detail.as_str()),
        now,
        &state.may_follow() as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Notes that the connector did not answer, and when it is asked again. Says nothing where the operation was ended,
/// or taken up by someone else after `attempt`.
pub async fn leave_unknown(
    conn: &mut PgConnection,
    id: TransactionId,
    attempt: i32,
    again_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update transactions set state = 'unknown', due_at = $3, updated_at = $4
          where transaction_id = $1 and attempts = $2 and state = any($5)",
        id.as_uuid(),
        attempt,
        again_at,
        now,
        &OperationState::Unknown.may_follow() as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// One operation of a payment's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// The operation.
    pub id: TransactionId,
    /// Which tender of the payment.
    pub tender_number: i32,
    /// What.
    pub operation: Operation,
    /// Where it stands.
    pub state: OperationState,
    /// The connector's own name for what it did.
    pub connector_reference: Option<String>,
}

/// What was done on a payment, in its order.
pub async fn of_payment(conn: &mut PgConnection, payment: PaymentId) -> Result<Vec<Done>, sqlx::Error> {
    let rows = sqlx::query!(
        "select transaction_id, tender_number, operation, state, connector_reference from transactions
          where payment_id = $1 order by created_at, transaction_id",
        payment.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Done {
                id: TransactionId::from_uuid(row.transaction_id),
                tender_number: row.tender_number,
                operation: word(&row.operation)?,
                state: word(&row.state)?,
                connector_reference: row.connector_reference,
            })
        })
        .collect()
}
