//! The table `disputed_lines`: which priced lines are of disputes of which others. Only ever inserted.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use super::key_columns;
use crate::domain::claim::PricedClaim;

/// Writes what disputes took or gave back; their lines are there. A second one of a line and a change of a dispute
/// violates `disputed_lines_once`.
pub async fn insert(conn: &mut PgConnection, claims: &[PricedClaim<'_>]) -> Result<(), sqlx::Error> {
    if claims.is_empty() {
        return Ok(());
    }
    let told = || claims.iter().map(|priced| priced.claim);
    let details: Vec<Uuid> = told().map(|c| c.id.as_uuid()).collect();
    let originals: Vec<Uuid> = claims.iter().map(|c| c.disputes.as_uuid()).collect();
    let (payments, numbers) = key_columns(claims.iter().map(|c| c.line.key()));
    let disputes: Vec<Uuid> = told().map(|c| c.dispute_id.as_uuid()).collect();
    let versions: Vec<i32> = told().map(|c| c.version).collect();
    let ways: Vec<&str> = told().map(|c| c.way.as_str()).collect();
    let times: Vec<DateTime<Utc>> = told().map(|c| c.changed_at).collect();
    let days: Vec<NaiveDate> = claims.iter().map(|c| c.changed_on).collect();
    sqlx::query!(
        "insert into disputed_lines
                (detail_id, disputes, payment_id, line_number, dispute_id, version, funds, changed_at, changed_on)
         select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::uuid[], $6::int[], $7::text[],
                              $8::timestamptz[], $9::date[])",
        &details,
        &originals,
        &payments,
        &numbers,
        &disputes,
        &versions,
        &ways as &[&str],
        &times,
        &days
    )
    .execute(conn)
    .await?;
    Ok(())
}
