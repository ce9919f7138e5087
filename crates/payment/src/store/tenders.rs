//! The table `tenders`: what is reserved for an operation, and what it moved.

use chrono::{DateTime, Utc};
use ids::PaymentId;
use sqlx::PgConnection;

use crate::domain::Operation;

/// One operation on one tender.
#[derive(Debug, Clone, Copy)]
pub struct Moving {
    /// The payment.
    pub payment_id: PaymentId,
    /// Which tender of it.
    pub number: i32,
    /// What is done.
    pub operation: Operation,
    /// For how much, in minor units.
    pub amount_minor: i64,
}

/// Reserves what an operation is to take, to let go or to give back; false where there is less. What begins or
/// enlarges a tender takes nothing from it, and reserves nothing.
pub async fn reserve(conn: &mut PgConnection, moving: Moving) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update tenders
            set capturing_minor = capturing_minor + case $3::text when 'capture' then $4::bigint else 0 end,
                voiding_minor = voiding_minor + case $3::text when 'void' then $4::bigint else 0 end,
                refunding_minor = refunding_minor + case $3::text when 'refund' then $4::bigint else 0 end
          where payment_id = $1 and number = $2
            and case when $3 in ('capture', 'void')
                     then $4 <= authorized_minor - captured_minor - capturing_minor - voided_minor - voiding_minor
                     when $3 = 'refund' then $4 <= captured_minor - refunded_minor - refunding_minor - disputed_minor
                     else true end",
        moving.payment_id.as_uuid(),
        moving.number,
        moving.operation.as_str() as &str,
        moving.amount_minor
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves what an operation that succeeded moves, and ends its reservation. `held_until`: until when the connector
/// holds what it holds, where it says so.
pub async fn moved(
    conn: &mut PgConnection,
    moving: Moving,
    held_until: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query_file!(
        "src/store/move_amounts.sql",
        moving.payment_id.as_uuid(),
        moving.number,
        moving.operation.as_str() as &str,
        moving.amount_minor,
        held_until
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends the reservation of an operation that was refused. One operation of a tender is open at a time, so nothing else
/// is reserved there.
pub async fn not_moved(conn: &mut PgConnection, payment: PaymentId, number: i32) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update tenders set capturing_minor = 0, voiding_minor = 0, refunding_minor = 0
          where payment_id = $1 and number = $2 and capturing_minor + voiding_minor + refunding_minor > 0",
        payment.as_uuid(),
        number
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Takes back a refund that had succeeded and failed after all.
pub async fn reverse(conn: &mut PgConnection, moving: Moving) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update tenders set refunded_minor = refunded_minor - $3 where payment_id = $1 and number = $2",
        moving.payment_id.as_uuid(),
        moving.number,
        moving.amount_minor
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes that a buyer's bank took `minor`, or, below 0, gave it back.
pub async fn dispute(
    conn: &mut PgConnection,
    payment: PaymentId,
    number: i32,
    minor: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update tenders set disputed_minor = disputed_minor + $3 where payment_id = $1 and number = $2",
        payment.as_uuid(),
        number,
        minor
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Payments that hold what has run out, the oldest first; at most `limit`.
pub async fn run_out(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<PaymentId>, sqlx::Error> {
    let found = sqlx::query_scalar!(
        "select t.payment_id
           from tenders t
          where t.held_until <= $1
            -- Whoever works on it now is not in the way of the others.
            and not exists (select from transactions o
                             where o.payment_id = t.payment_id
                               and o.state in ('created', 'sent', 'unknown', 'requires_action'))
          order by t.held_until
          limit $2",
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(found.into_iter().map(PaymentId::from_uuid).collect())
}
