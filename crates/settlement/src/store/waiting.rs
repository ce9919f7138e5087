//! The table `waiting_lines`, and the list of all that waits.

use chrono::{DateTime, Utc};
use ids::{DisputeId, PartnerId, PaymentId, SettlementDetailId, TransactionId};
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use super::{account, columns};
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::line::SaleLine;

/// A line, or what takes back of one, that can't be priced yet.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// The line. What takes back has the quantity -1 and no category: that is its original's.
    pub line: SaleLine,
    /// When it came in.
    pub recorded_at: DateTime<Utc>,
    /// Why a contract in force could not price it; none where none was in force, or where the original waits.
    pub problem: Option<String>,
    /// The refund that reverses a line.
    pub refund: Option<Refund>,
    /// The dispute that takes of a line, or gives back.
    pub dispute: Option<Dispute>,
}

/// Which refund a reversal is of.
#[derive(Debug, Clone)]
pub struct Refund {
    /// The refund.
    pub id: TransactionId,
    /// `refunded` or `reversed`.
    pub outcome: String,
    /// When it happened.
    pub at: DateTime<Utc>,
}

/// Which dispute a disputed line is of.
#[derive(Debug, Clone)]
pub struct Dispute {
    /// The dispute.
    pub id: DisputeId,
    /// `withdrawn` or `returned`.
    pub funds: String,
    /// When the money moved.
    pub at: DateTime<Utc>,
}

/// Puts lines aside, each with the reason why the contract in force could not price it, if there was one.
pub async fn add(
    conn: &mut PgConnection,
    lines: &[(&SaleLine, Option<String>)],
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let each = || lines.iter().map(|(line, _)| *line);
    let ids: Vec<Uuid> = each().map(|l| l.id.as_uuid()).collect();
    let payments: Vec<Uuid> = each().map(|l| l.payment_id.as_uuid()).collect();
    let numbers: Vec<i32> = each().map(|l| l.line_number).collect();
    let (partners, currencies) = columns(each().map(|l| &l.account));
    let categories: Vec<&str> = each().map(|l| l.category.as_str()).collect();
    let prices: Vec<i64> = each().map(|l| l.unit_price_minor).collect();
    let quantities: Vec<i32> = each().map(|l| l.quantity).collect();
    let tax_free: Vec<i64> = each().map(|l| l.tax_free_minor).collect();
    let by_partner: Vec<i64> = each().map(|l| l.partner_discount_minor).collect();
    let by_platform: Vec<i64> = each().map(|l| l.platform_discount_minor).collect();
    let shipping: Vec<i64> = each().map(|l| l.shipping_minor).collect();
    let sold: Vec<DateTime<Utc>> = each().map(|l| l.sold_at).collect();
    let problems: Vec<Option<&str>> = lines.iter().map(|(_, problem)| problem.as_deref()).collect();
    sqlx::query_file!(
        "src/store/insert_waiting_lines.sql",
        &ids,
        &payments,
        &numbers,
        &partners,
        &currencies as &[&str],
        &categories as &[&str],
        &prices,
        &quantities,
        &tax_free,
        &by_partner,
        &by_platform,
        &shipping,
        &sold,
        &problems as &[Option<&str>],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Lines of these accounts that a contract covers now and that nobody else is pricing, the earliest sales first, at
/// most `limit`; locked until the transaction ends.
pub async fn priceable(
    conn: &mut PgConnection,
    accounts: &[Account],
    limit: i64,
) -> Result<Vec<SaleLine>, Error> {
    let (partners, currencies) = columns(accounts);
    let rows = sqlx::query_file!(
        "src/store/priceable_lines.sql",
        &partners,
        &currencies as &[&str],
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(SaleLine {
                id: SettlementDetailId::from_uuid(row.id),
                payment_id: PaymentId::from_uuid(row.payment_id),
                line_number: row.line_number,
                account: account(row.partner_id, &row.currency)?,
                sold_at: row.sold_at,
                category: row.category,
                unit_price_minor: row.unit_price_minor,
                quantity: row.quantity,
                tax_free_minor: row.tax_free_minor,
                partner_discount_minor: row.partner_discount_minor,
                platform_discount_minor: row.platform_discount_minor,
                shipping_minor: row.shipping_minor,
            })
        })
        .collect()
}

/// Locks the waiting lines of these payments: waits for whoever prices some of them, and has nobody begin to until this
/// transaction ends.
pub async fn hold_still(
    conn: &mut PgConnection,
    payments: impl IntoIterator<Item = PaymentId>,
) -> Result<(), sqlx::Error> {
    let payments: Vec<Uuid> = payments.into_iter().map(PaymentId::as_uuid).collect();
    sqlx::query!(
        "select 1 as one from waiting_lines where payment_id = any($1) order by sold_at, id for update",
        &payments
    )
    .fetch_all(conn)
    .await?;
    Ok(())
}

/// Forgets lines that were priced.
pub async fn remove(conn: &mut PgConnection, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from waiting_lines where id = any($1)", ids)
        .execute(conn)
        .await?;
    Ok(())
}

/// Notes why lines could not be priced by the contract in force.
pub async fn note(conn: &mut PgConnection, problems: &[(Uuid, String)]) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = problems.iter().map(|(id, _)| *id).collect();
    let texts: Vec<&str> = problems.iter().map(|(_, text)| text.as_str()).collect();
    sqlx::query!(
        "update waiting_lines w set problem = f.problem
           from unnest($1::uuid[], $2::text[]) as f (id, problem) where w.id = f.id",
        &ids,
        &texts as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Has lines of these accounts tried again that a contract in force could not price.
pub async fn clear_problems(conn: &mut PgConnection, accounts: &[Account]) -> Result<(), sqlx::Error> {
    let (partners, currencies) = columns(accounts);
    sqlx::query!(
        "update waiting_lines w set problem = null
           from unnest($1::uuid[], $2::text[]) as f (partner_id, currency)
          where w.partner_id = f.partner_id and w.currency = f.currency and w.problem is not null",
        &partners,
        &currencies as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Waiting lines, and what takes back of lines, newest first, after `last`, at most `limit`.
pub async fn list(
    pool: &PgPool,
    partner_id: Option<PartnerId>,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Waiting>, Error> {
    let rows = sqlx::query_file!(
        "src/store/list_waiting.sql",
        partner_id.map(PartnerId::as_uuid),
        last,
        limit
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            let refund = row.refund_id.zip(row.outcome).zip(row.refunded_at);
            let dispute = row.dispute_id.zip(row.funds).zip(row.changed_at);
            Ok(Waiting {
                line: SaleLine {
                    id: SettlementDetailId::from_uuid(row.id),
                    payment_id: PaymentId::from_uuid(row.payment_id),
                    line_number: row.line_number,
                    account: account(row.partner_id, &row.currency)?,
                    sold_at: row.sold_at,
                    category: row.category,
                    unit_price_minor: row.unit_price_minor,
                    quantity: row.quantity,
                    tax_free_minor: row.tax_free_minor,
                    partner_discount_minor: row.partner_discount_minor,
                    platform_discount_minor: row.platform_discount_minor,
                    shipping_minor: row.shipping_minor,
                },
                recorded_at: row.recorded_at,
                problem: row.problem,
                refund: refund.map(|((id, outcome), at)| Refund {
                    id: TransactionId::from_uuid(id),
                    outcome,
                    at,
                }),
                dispute: dispute.map(|((id, funds), at)| Dispute {
                    id: DisputeId::from_uuid(id),
                    funds,
                    at,
                }),
            })
        })
        .collect()
}
