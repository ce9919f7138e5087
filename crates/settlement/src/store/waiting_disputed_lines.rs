//! The table `waiting_disputed_lines`: what disputes take of lines that have no price yet, or give back.

use chrono::{DateTime, Utc};
use ids::{DisputeId, PaymentId, SettlementDetailId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{account, columns, key_columns};
use crate::Error;
use crate::domain::claim::{Claim, Way};
use crate::domain::contract::Account;
use crate::domain::line::LineKey;
use crate::domain::takes_back::TakesBack as _;

/// A row without what says why and since when it waits.
struct Row {
    id: Uuid,
    payment_id: Uuid,
    line_number: i32,
    partner_id: Uuid,
    currency: String,
    dispute_id: Uuid,
    version: i32,
    funds: String,
    disputed_minor: i64,
    sold_at: DateTime<Utc>,
    changed_at: DateTime<Utc>,
}

impl Row {
    fn read(self) -> Result<Claim, Error> {
        Ok(Claim {
            id: SettlementDetailId::from_uuid(self.id),
            payment_id: PaymentId::from_uuid(self.payment_id),
            line_number: self.line_number,
            account: account(self.partner_id, &self.currency)?,
            dispute_id: DisputeId::from_uuid(self.dispute_id),
            version: self.version,
            way: Way::parse(&self.funds).ok_or_else(|| Error::Unreadable {
                what: "what became of disputed funds".to_owned(),
                reason: self.funds,
            })?,
            sold_at: self.sold_at,
            changed_at: self.changed_at,
            disputed_minor: self.disputed_minor,
        })
    }
}

/// Puts claims aside, each with the reason why it could not be placed, if its original has a price. A second one of a
/// line and a change of a dispute violates `waiting_disputed_lines_once`.
pub async fn add(
    conn: &mut PgConnection,
    claims: &[(&Claim, Option<String>)],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if claims.is_empty() {
        return Ok(());
    }
    let each = || claims.iter().map(|(claim, _)| *claim);
    let ids: Vec<Uuid> = each().map(|c| c.id.as_uuid()).collect();
    let (payments, numbers) = key_columns(each().map(Claim::key));
    let (partners, currencies) = columns(each().map(|c| &c.account));
    let disputes: Vec<Uuid> = each().map(|c| c.dispute_id.as_uuid()).collect();
    let versions: Vec<i32> = each().map(|c| c.version).collect();
    let ways: Vec<&str> = each().map(|c| c.way.as_str()).collect();
    let amounts: Vec<i64> = each().map(|c| c.disputed_minor).collect();
    let sold: Vec<DateTime<Utc>> = each().map(|c| c.sold_at).collect();
    let changed: Vec<DateTime<Utc>> = each().map(|c| c.changed_at).collect();
    let problems: Vec<Option<&str>> = claims.iter().map(|(_, problem)| problem.as_deref()).collect();
    sqlx::query!(
        "insert into waiting_disputed_lines
                (id, payment_id, line_number, partner_id, currency, dispute_id, version, funds, disputed_minor, sold_at,
                 changed_at, problem, recorded_at)
         select f.*, $13
           from unnest($1::uuid[], $2::uuid[], $3::int[], $4::uuid[], $5::text[], $6::uuid[], $7::int[], $8::text[],
                       $9::bigint[], $10::timestamptz[], $11::timestamptz[], $12::text[]) as f",
        &ids,
        &payments,
        &numbers,
        &partners,
        &currencies as &[&str],
        &disputes,
        &versions,
        &ways as &[&str],
        &amounts,
        &sold,
        &changed,
        &problems as &[Option<&str>],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Those of these lines, locked until the transaction ends.
pub async fn of_lines(
    conn: &mut PgConnection,
    lines: impl IntoIterator<Item = LineKey>,
) -> Result<Vec<Claim>, Error> {
    let (payments, numbers) = key_columns(lines);
    let rows = sqlx::query_file_as!(Row, "src/store/disputed_lines_of_lines.sql", &payments, &numbers)
        .fetch_all(conn)
        .await?;
    rows.into_iter().map(Row::read).collect()
}

/// Those of these accounts whose original has a price and that nobody else is pricing, at most `limit`; locked until
/// the transaction ends.
pub async fn priceable(
    conn: &mut PgConnection,
    accounts: &[Account],
    limit: i64,
) -> Result<Vec<Claim>, Error> {
    let (partners, currencies) = columns(accounts);
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/priceable_disputed_lines.sql",
        &partners,
        &currencies as &[&str],
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// Forgets claims that were priced.
pub async fn remove(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!("delete from waiting_disputed_lines where id = any($1)", ids)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes why claims could not be placed, or do not fit their original.
pub async fn note(conn: &mut PgConnection, problems: &[(&Claim, String)]) -> Result<(), sqlx::Error> {
    if problems.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = problems.iter().map(|(claim, _)| claim.id.as_uuid()).collect();
    let texts: Vec<&str> = problems.iter().map(|(_, text)| text.as_str()).collect();
    sqlx::query!(
        "update waiting_disputed_lines w set problem = f.problem
           from unnest($1::uuid[], $2::text[]) as f (id, problem) where w.id = f.id",
        &ids,
        &texts as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has claims of these accounts tried again that could not be placed.
pub async fn clear_problems(conn: &mut PgConnection, accounts: &[Account]) -> Result<(), sqlx::Error> {
    let (partners, currencies) = columns(accounts);
    sqlx::query!(
        "update waiting_disputed_lines w set problem = null
           from unnest($1::uuid[], $2::text[]) as f (partner_id, currency)
          where w.partner_id = f.partner_id and w.currency = f.currency and w.problem is not null",
        &partners,
        &currencies as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}
