//! The table `transactions`: operations, and who looks after the open ones.

use chrono::{DateTime, Utc};
use ids::{ChangeId, PaymentId, TransactionId};
use money::{Currency, Money};
use sqlx::PgConnection;

use super::{value, word};
use crate::connectors::Task;
use crate::domain::{
    Action, Cause, ConnectorName, Done, Ending, Failure, Operation, OperationState, Token, Transaction,
};

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
                tender_number: row.tender_number,
                connector: word(&row.connector)?,
                operation: word(&row.operation)?,
                change_id: row.change_id.map(ChangeId::from_uuid),
                was_sent: row.was_sent,
                amount: Money::new(row.amount_minor, currency),
                key: row.connector_key.unwrap_or_else(|| id.to_string()),
                token: row.token.map(Token::new),
                charge: row.charge,
                return_url: row.return_url,
                ending: row.ending.as_deref().map(word::<Ending>).transpose()?,
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
    let parts = match operation.parts.as_slice() {
        [] => None,
        parts => Some(serde_json::to_value(parts).map_err(|error| sqlx::Error::Encode(Box::new(error)))?),
    };
    sqlx::query!(
        "insert into transactions (transaction_id, payment_id, tender_number, operation, cause, connector, change_id,
                                   state, amount_minor, parts, connector_key, due_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13)",
        operation.id.as_uuid(),
        operation.payment_id.as_uuid(),
        operation.tender_number,
        operation.operation.as_str(),
        operation.cause.as_str(),
        operation.connector.map(ConnectorName::as_str),
        operation.change_id.map(ChangeId::as_uuid),
        operation.state.as_str(),
        operation.amount_minor,
        parts,
        operation.connector_key,
        operation.due_at,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends an open operation, or a refund that had succeeded with a failure; false where that may not be.
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
            set state = $2, connector_reference = coalesce($3, connector_reference), refusal_code = $4,
                refusal_detail = $5, due_at = null, asked_until = null, action_url = null, action_until = null,
                ending = null, updated_at = $6
          where transaction_id = $1 and state = any($7) and (state <> 'succeeded' or operation = 'refund')",
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

/// Notes that the connector did not answer, and when it is asked again; returns where the operation stands then. Says
/// nothing where it was ended, or taken up by someone else after `attempt`.
pub async fn leave_unknown(
    conn: &mut PgConnection,
    id: TransactionId,
    attempt: i32,
    again_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<OperationState>, sqlx::Error> {
    let state = sqlx::query_scalar!(
        "update transactions
            set state = case state when 'requires_action' then state else 'unknown' end, due_at = $3,
                asked_until = null, updated_at = $4
          where transaction_id = $1 and attempts = $2 and state in ('sent', 'unknown', 'requires_action')
         returning state",
        id.as_uuid(),
        attempt,
        again_at,
        now
    )
    .fetch_optional(conn)
    .await?;
    state.as_deref().map(word).transpose()
}

/// Notes that the buyer has to act, and when the connector is asked whether that was done. Says nothing where the
/// operation was ended, or taken up by someone else after `attempt`.
pub async fn wait_for_buyer(
    conn: &mut PgConnection,
    (id, attempt): (TransactionId, i32),
    reference: &str,
    action: &Action,
    again_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update transactions
            set state = 'requires_action', connector_reference = $3, action_url = $4, action_until = $5, due_at = $6,
                asked_until = null, updated_at = $7
          where transaction_id = $1 and attempts = $2 and state = any($8)",
        id.as_uuid(),
        attempt,
        reference,
        action.url,
        action.until,
        again_at,
        now,
        &OperationState::RequiresAction.may_follow() as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Has the connector give up an operation that waits for the buyer, whoever gets to it; false where it waits no more.
/// Belongs until `lease_until` to whoever asks, as the attempt that is returned.
pub async fn give_up(
    conn: &mut PgConnection,
    id: TransactionId,
    ending: Ending,
    lease_until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "update transactions set ending = $2, due_at = $3, attempts = attempts + 1, updated_at = $4
          where transaction_id = $1 and state = 'requires_action' and ending is null
         returning attempts",
        id.as_uuid(),
        ending.as_str(),
        lease_until,
        now
    )
    .fetch_optional(conn)
    .await
}

/// Whether somebody is asking the connector of an operation, who may have it done at this moment.
pub async fn is_being_asked(
    conn: &mut PgConnection,
    id: TransactionId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select coalesce(asked_until > $2, false) as "is_being_asked!" from transactions where transaction_id = $1"#,
        id.as_uuid(),
        now
    )
    .fetch_one(conn)
    .await
}

/// The payment and the operation that a connector knows by this key.
pub async fn by_key(
    conn: &mut PgConnection,
    key: &str,
) -> Result<Option<(PaymentId, TransactionId)>, sqlx::Error> {
    let row = sqlx::query!(
        "select payment_id, transaction_id from transactions where connector_key = $1",
        key
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| {
        (
            PaymentId::from_uuid(row.payment_id),
            TransactionId::from_uuid(row.transaction_id),
        )
    }))
}

/// What was done on a payment, in its order.
pub async fn of_payment(conn: &mut PgConnection, payment: PaymentId) -> Result<Vec<Done>, sqlx::Error> {
    let rows = sqlx::query!(
        "select transaction_id, tender_number, operation, cause, connector, change_id, state, amount_minor, parts,
                connector_reference, refusal_code, refusal_detail, ending, attempts
           from transactions
          where payment_id = $1 order by created_at, transaction_id",
        payment.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            let operation: Operation = word(&row.operation)?;
            Ok(Done {
                id: TransactionId::from_uuid(row.transaction_id),
                tender_number: row.tender_number,
                operation,
                cause: row
                    .cause
                    .as_deref()
                    .map_or(Ok(Cause::by_default(operation)), word)?,
                connector: row.connector.as_deref().map(word).transpose()?,
                change_id: row.change_id.map(ChangeId::from_uuid),
                state: word(&row.state)?,
                amount_minor: row.amount_minor,
                parts: match row.parts {
                    Some(parts) => value(serde_json::from_value(parts).ok(), "parts")?,
                    None => Vec::new(),
                },
                connector_reference: row.connector_reference,
                refusal: row
                    .refusal_code
                    .zip(row.refusal_detail)
                    .map(|(code, detail)| Failure { code, detail }),
                is_ending: row.ending.is_some(),
                attempts: row.attempts,
            })
        })
        .collect()
}
