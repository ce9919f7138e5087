//! The table `reversals`: which priced lines take which others back. Only ever inserted.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{key_columns, outcome_word};
use crate::domain::reversal::Reversed;

/// Writes what reversals take back; their lines are there. A second one of a line, a refund and an outcome violates
/// `reversals_once`.
pub async fn insert(conn: &mut PgConnection, reversed: &[Reversed<'_>]) -> Result<(), sqlx::Error> {
    if reversed.is_empty() {
        return Ok(());
    }
    let told = || reversed.iter().map(|r| r.reversal);
    let details: Vec<Uuid> = told().map(|r| r.id.as_uuid()).collect();
    let originals: Vec<Uuid> = reversed.iter().map(|r| r.reverses.as_uuid()).collect();
    let (payments, numbers) = key_columns(reversed.iter().map(|r| r.line.key()));
    let refunds: Vec<Uuid> = told().map(|r| r.refund_id.as_uuid()).collect();
    let outcomes: Vec<&str> = told().map(|r| outcome_word(r.outcome)).collect();
    let owed: Vec<i64> = told().map(|r| r.owed_minor).collect();
    let before: Vec<i64> = told().map(|r| r.refunded_before_minor).collect();
    let times: Vec<DateTime<Utc>> = told().map(|r| r.refunded_at).collect();
    let days: Vec<NaiveDate> = reversed.iter().map(|r| r.refunded_on).collect();
    sqlx::query!(
        "insert into reversals
                (detail_id, reverses, payment_id, line_number, refund_id, outcome, owed_minor, refunded_before_minor,
                 refunded_at, refunded_on)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::text[], $7::bigint[],
                              $8::bigint[], $9::timestamptz[], $10::date[])",
        &details,
        &originals,
        &payments,
        &numbers,
        &refunds,
        &outcomes as &[&str],
        &owed,
        &before,
        &times,
        &days
    )
    .execute(conn)
    .await?;
    Ok(())
}
