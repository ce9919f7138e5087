//! The table `waiting_reversals`: what refunds take back of lines that have no price yet.

use chrono::{DateTime, Utc};
use contracts::events::RefundOutcome;
use ids::{PaymentId, SettlementDetailId, TransactionId};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{account, columns, key_columns, outcome_word};
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::line::LineKey;
use crate::domain::reversal::Reversal;
use crate::domain::takes_back::TakesBack as _;

/// A row without what says why and since when it waits.
struct Row {
    id: Uuid,
    payment_id: Uuid,
    line_number: i32,
    partner_id: Uuid,
    currency: String,
    refund_id: Uuid,
    outcome: String,
    gross_minor: i64,
    tax_free_minor: i64,
    partner_discount_minor: i64,
    platform_discount_minor: i64,
    shipping_minor: i64,
    owed_minor: i64,
    refunded_before_minor: i64,
    sold_at: DateTime<Utc>,
    refunded_at: DateTime<Utc>,
}

impl Row {
    fn read(self) -> Result<Reversal, Error> {
        Ok(Reversal {
            id: SettlementDetailId::from_uuid(self.id),
            payment_id: PaymentId::from_uuid(self.payment_id),
            line_number: self.line_number,
            account: account(self.partner_id, &self.currency)?,
            refund_id: TransactionId::from_uuid(self.refund_id),
            // The table knows two words.
            outcome: if self.outcome == outcome_word(RefundOutcome::Reversed) {
                RefundOutcome::Reversed
            } else {
                RefundOutcome::Refunded
            },
            sold_at: self.sold_at,
            refunded_at: self.refunded_at,
            gross_minor: self.gross_minor,
            tax_free_minor: self.tax_free_minor,
            partner_discount_minor: self.partner_discount_minor,
            platform_discount_minor: self.platform_discount_minor,
            shipping_minor: self.shipping_minor,
            owed_minor: self.owed_minor,
            refunded_before_minor: self.refunded_before_minor,
        })
    }
}

/// Puts reversals aside, each with the reason why it could not be placed, if its original has a price. A second one of a
/// line, a refund and an outcome violates `waiting_reversals_once`.
pub async fn add(
    conn: &mut PgConnection,
    reversals: &[(&Reversal, Option<String>)],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    if reversals.is_empty() {
        return Ok(());
    }
    let each = || reversals.iter().map(|(reversal, _)| *reversal);
    let amounts = |of: fn(&Reversal) -> i64| each().map(of).collect::<Vec<i64>>();
    let ids: Vec<Uuid> = each().map(|r| r.id.as_uuid()).collect();
    let (payments, numbers) = key_columns(each().map(Reversal::key));
    let (partners, currencies) = columns(each().map(|r| &r.account));
    let refunds: Vec<Uuid> = each().map(|r| r.refund_id.as_uuid()).collect();
    let outcomes: Vec<&str> = each().map(|r| outcome_word(r.outcome)).collect();
    let sold: Vec<DateTime<Utc>> = each().map(|r| r.sold_at).collect();
    let refunded: Vec<DateTime<Utc>> = each().map(|r| r.refunded_at).collect();
    let problems: Vec<Option<&str>> = reversals.iter().map(|(_, problem)| problem.as_deref()).collect();
    sqlx::query_file!(
        "src/store/insert_waiting_reversals.sql",
        &ids,
        &payments,
        &numbers,
        &partners,
        &currencies as &[&str],
        &refunds,
        &outcomes as &[&str],
        &amounts(|r| r.gross_minor),
        &amounts(|r| r.tax_free_minor),
        &amounts(|r| r.partner_discount_minor),
        &amounts(|r| r.platform_discount_minor),
        &amounts(|r| r.shipping_minor),
        &amounts(|r| r.owed_minor),
        &amounts(|r| r.refunded_before_minor),
        &sold,
        &refunded,
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
) -> Result<Vec<Reversal>, Error> {
    let (payments, numbers) = key_columns(lines);
    let rows = sqlx::query_file_as!(Row, "src/store/reversals_of_lines.sql", &payments, &numbers)
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
) -> Result<Vec<Reversal>, Error> {
    let (partners, currencies) = columns(accounts);
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/priceable_reversals.sql",
        &partners,
        &currencies as &[&str],
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Row::read).collect()
}

/// Forgets reversals that were priced.
pub async fn remove(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    if ids.is_empty() {
        return Ok(());
    }
    sqlx::query!("delete from waiting_reversals where id = any($1)", ids)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes why reversals could not be placed, or do not fit their original.
pub async fn note(conn: &mut PgConnection, problems: &[(&Reversal, String)]) -> Result<(), sqlx::Error> {
    if problems.is_empty() {
        return Ok(());
    }
    let ids: Vec<Uuid> = problems
        .iter()
        .map(|(reversal, _)| reversal.id.as_uuid())
        .collect();
    let texts: Vec<&str> = problems.iter().map(|(_, text)| text.as_str()).collect();
    sqlx::query!(
        "update waiting_reversals w set problem = f.problem
           from unnest($1::uuid[], $2::text[]) as f (id, problem) where w.id = f.id",
        &ids,
        &texts as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has reversals of these accounts tried again that could not be placed.
pub async fn clear_problems(conn: &mut PgConnection, accounts: &[Account]) -> Result<(), sqlx::Error> {
    let (partners, currencies) = columns(accounts);
    sqlx::query!(
        "update waiting_reversals w set problem = null
           from unnest($1::uuid[], $2::text[]) as f (partner_id, currency)
          where w.partner_id = f.partner_id and w.currency = f.currency and w.problem is not null",
        &partners,
        &currencies as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}
