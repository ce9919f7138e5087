//! The table `carry_balances`: what is left over, up to which day windows are settled, and the lock between
//! writing lines and settling.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use ids::WindowId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::{account, columns};
use crate::Error;
use crate::domain::contract::Account;

/// What is left over of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Balance {
    /// Whose it is.
    pub account: Account,
    /// Minor units; negative where the partner owes.
    pub carried_minor: i64,
    /// The last day up to which its windows are settled.
    pub closed_through: Option<NaiveDate>,
}

/// Locks the balances of `accounts` for whoever writes lines, making those that are missing, and says up to which
/// day each is settled. Until this transaction ends, none of these accounts is settled any further. All take the
/// locks in one order.
pub async fn share(
    conn: &mut PgConnection,
    accounts: &[Account],
    now: DateTime<Utc>,
) -> Result<HashMap<Account, Option<NaiveDate>>, Error> {
    let mut found = try_share(&mut *conn, accounts).await?;
    if found.len() < accounts.len() {
        let missing: Vec<Account> = accounts
            .iter()
            .filter(|account| !found.contains_key(account))
            .copied()
            .collect();
        make(&mut *conn, &missing, now).await?;
        found = try_share(conn, accounts).await?;
    }
    Ok(found)
}

/// Locks the balances of `accounts`, making those that are missing, for whoever changes what their lines are priced
/// by, or puts something aside until they are priced: until this transaction ends, no line of theirs is written or left waiting.
pub async fn lock(conn: &mut PgConnection, accounts: &[Account], now: DateTime<Utc>) -> Result<(), Error> {
    make(&mut *conn, accounts, now).await?;
    let (partners, currencies) = columns(accounts);
    sqlx::query!(
        "select 1 as one from carry_balances
          where (partner_id, currency) in (select * from unnest($1::uuid[], $2::text[]))
          order by partner_id, currency
            for update",
        &partners,
        &currencies as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// Makes empty balances of those accounts that have none; waits for whoever makes one of them at this moment.
async fn make(conn: &mut PgConnection, accounts: &[Account], now: DateTime<Utc>) -> Result<(), Error> {
    let mut accounts: Vec<&Account> = accounts.iter().collect();
    accounts.sort_unstable();
    let (partners, currencies) = columns(accounts);
    sqlx::query!(
        "insert into carry_balances (partner_id, currency, updated_at)
         select partner_id, currency, $3 from unnest($1::uuid[], $2::text[]) as f (partner_id, currency)
         on conflict on constraint carry_balances_pk do nothing",
        &partners,
        &currencies as &[&str],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

async fn try_share(
    conn: &mut PgConnection,
    accounts: &[Account],
) -> Result<HashMap<Account, Option<NaiveDate>>, Error> {
    let (partners, currencies) = columns(accounts);
    let rows = sqlx::query!(
        "select partner_id, currency, closed_through
           from carry_balances
          where (partner_id, currency) in (select * from unnest($1::uuid[], $2::text[]))
          order by partner_id, currency
            for share",
        &partners,
        &currencies as &[&str]
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| Ok((account(row.partner_id, &row.currency)?, row.closed_through)))
        .collect()
}

/// Locks, for settling, the balances of the accounts to which these windows belong, settled windows aside. No line
/// is written for them until this transaction ends.
pub async fn lock_for(conn: &mut PgConnection, windows: &[WindowId]) -> Result<Vec<Balance>, Error> {
    let ids: Vec<Uuid> = windows.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query!(
        "select partner_id, currency, balance_minor, closed_through
           from carry_balances
          where (partner_id, currency) in
                (select w.partner_id, w.currency from windows w where w.id = any($1) and w.state <> 'settled')
          order by partner_id, currency
            for update",
        &ids
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Balance {
                account: account(row.partner_id, &row.currency)?,
                carried_minor: row.balance_minor,
                closed_through: row.closed_through,
            })
        })
        .collect()
}

/// Writes what settling left over.
pub async fn write(conn: &mut PgConnection, balances: &[Balance], now: DateTime<Utc>) -> Result<(), Error> {
    let (partners, currencies) = columns(balances.iter().map(|b| &b.account));
    let amounts: Vec<i64> = balances.iter().map(|b| b.carried_minor).collect();
    let closed: Vec<Option<NaiveDate>> = balances.iter().map(|b| b.closed_through).collect();
    sqlx::query!(
        "update carry_balances b
            set balance_minor = f.balance_minor, closed_through = f.closed_through, updated_at = $5
           from unnest($1::uuid[], $2::text[], $3::bigint[], $4::date[])
             as f (partner_id, currency, balance_minor, closed_through)
          where b.partner_id = f.partner_id and b.currency = f.currency",
        &partners,
        &currencies as &[&str],
        &amounts,
        &closed as &[Option<NaiveDate>],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
