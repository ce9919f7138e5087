//! The table `pricing_requests`: whose waiting lines are to be looked at again.

use sqlx::PgConnection;

use super::{account, columns};
use crate::Error;
use crate::domain::contract::Account;

/// Asks for the waiting lines of these accounts to be looked at.
pub async fn add(conn: &mut PgConnection, accounts: &[Account]) -> Result<(), sqlx::Error> {
    let (partners, currencies) = columns(accounts);
    sqlx::query!(
        "insert into pricing_requests (partner_id, currency) select * from unnest($1::uuid[], $2::text[])",
        &partners,
        &currencies as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The oldest requests, at most `limit`, that no other copy is working on.
pub async fn take(conn: &mut PgConnection, limit: i64) -> Result<Vec<(i64, Account)>, Error> {
    let rows = sqlx::query!(
        "select id, partner_id, currency from pricing_requests order by id limit $1 for update skip locked",
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.id, account(row.partner_id, &row.currency)?)))
        .collect()
}

/// Forgets requests that were answered.
pub async fn remove(conn: &mut PgConnection, ids: &[i64]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from pricing_requests where id = any($1)", ids)
        .execute(conn)
        .await?;
    Ok(())
}
