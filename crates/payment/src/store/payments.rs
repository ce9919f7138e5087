//! The table `payments`: writing whole payments, and moving one on.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use contracts::events::Origin;
use ids::PaymentId;
use sqlx::PgConnection;

use crate::domain::amounts::line_amounts;
use crate::domain::{Payment, Transaction};

/// Writes payments with their tenders, operations and lines in one round trip. Returns those that were written: the
/// others' order references belong to payments that have not failed. No two of `payments` share a reference.
pub async fn insert(
    conn: &mut PgConnection,
    payments: &[&Payment],
    operations: &[Transaction],
) -> Result<HashSet<PaymentId>, sqlx::Error> {
    let column = Columns(payments);
    let tenders: Vec<_> = payments
        .iter()
        .flat_map(|p| p.tenders.iter().map(move |t| (p.id.as_uuid(), t)))
        .collect();
    let lines: Vec<_> = payments
        .iter()
        .flat_map(|p| p.lines.iter().map(move |l| (p.id.as_uuid(), &l.line)))
        .collect();
    let discounts = |pick: fn(crate::domain::amounts::LineAmounts) -> i64| -> Vec<i64> {
        // Orders were checked, so their lines have amounts.
        let amount = |(_, l): &(_, &contracts::events::PaidLine)| line_amounts(l).map_or(0, pick);
        lines.iter().map(amount).collect()
    };
    let discount_lists: Vec<String> = lines
        .iter()
        .map(|(_, l)| match l.discounts.as_slice() {
            [] => Ok("[]".to_owned()),
            discounts => serde_json::to_string(discounts),
        })
        .collect::<Result<_, _>>()
        .map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let written = sqlx::query_file_scalar!(
        "src/store/insert.sql",
        &column.of(|p| p.id.as_uuid()),
        &column.of(|p| p.caller.as_str()) as &[&str],
        &column.of(|p| p.order_reference.as_str()) as &[&str],
        &column.of(|p| p.currency.as_str()) as &[&str],
        &column.of(|p| origin_word(p.connector.origin())) as &[&str],
        &column.of(|p| p.connector.as_str()) as &[&str],
        &column.of(|p| p.capture.as_str()) as &[&str],
        &column.of(|p| p.status.as_str()) as &[&str],
        &column.of(|p| p.owed_minor),
        &column.of(|p| p.amount_minor),
        &column.of(|p| p.captured_minor),
        &column.of(|p| p.sold_at),
        &column.of(|p| p.created_at),
        &Columns(&tenders).of(|(payment, _)| *payment),
        &Columns(&tenders).of(|(_, t)| t.number),
        &Columns(&tenders).of(|(_, t)| t.id.as_uuid()),
        &Columns(&tenders).of(|(_, t)| t.kind.as_str()) as &[&str],
        &Columns(&tenders).of(|(_, t)| t.token.as_deref()) as &[Option<&str>],
        &Columns(&tenders).of(|(_, t)| t.amounts.amount_minor),
        &Columns(&tenders).of(|(_, t)| t.amounts.authorized_minor),
        &Columns(&tenders).of(|(_, t)| t.amounts.captured_minor),
        &Columns(operations).of(|o| o.id.as_uuid()),
        &Columns(operations).of(|o| o.payment_id.as_uuid()),
        &Columns(operations).of(|o| o.tender_number),
        &Columns(operations).of(|o| o.operation.as_str()) as &[&str],
        &Columns(operations).of(|o| o.state.as_str()) as &[&str],
        &Columns(operations).of(|o| o.amount_minor),
        &Columns(operations).of(|o| o.connector_key.as_deref()) as &[Option<&str>],
        &Columns(operations).of(|o| o.due_at) as &[Option<DateTime<Utc>>],
        &Columns(&lines).of(|(payment, _)| *payment),
        &Columns(&lines).of(|(_, l)| l.line_number),
        &Columns(&lines).of(|(_, l)| l.partner_id.as_uuid()),
        &Columns(&lines).of(|(_, l)| l.category.as_str()) as &[&str],
        &Columns(&lines).of(|(_, l)| l.unit_price_minor),
        &Columns(&lines).of(|(_, l)| l.quantity),
        &Columns(&lines).of(|(_, l)| l.shipping_minor),
        &Columns(&lines).of(|(_, l)| l.tax_free_minor),
        &discounts(|a| a.partner_discount),
        &discounts(|a| a.platform_discount),
        &discount_lists
    )
    .fetch_all(conn)
    .await?;
    Ok(written.into_iter().map(PaymentId::from_uuid).collect())
}

/// The columns of many rows, as UNNEST takes them.
pub(super) struct Columns<'a, R>(pub(super) &'a [R]);

impl<'a, R> Columns<'a, R> {
    pub(super) fn of<T>(&self, cell: impl FnMut(&'a R) -> T) -> Vec<T> {
        self.0.iter().map(cell).collect()
    }
}

/// The word of an origin.
pub(super) fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Platform => "platform",
        Origin::External => "external",
    }
}

/// Which payments have these order references, by caller and reference; failed ones aside.
pub async fn holders(
    conn: &mut PgConnection,
    wanted: &[(&str, &str)],
) -> Result<Vec<(String, String, PaymentId)>, sqlx::Error> {
    let (callers, references): (Vec<&str>, Vec<&str>) = wanted.iter().copied().unzip();
    let rows = sqlx::query!(
        "select p.caller, p.order_reference, p.payment_id
           from unnest($1::text[], $2::text[]) as wanted (caller, order_reference)
           join payments p using (order_reference, caller)
          where p.status <> 'failed'",
        &callers as &[&str],
        &references as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            (
                row.caller,
                row.order_reference,
                PaymentId::from_uuid(row.payment_id),
            )
        })
        .collect())
}

/// Notes what few payments have: a page that the buyer returns to, an order of its own in which tenders give money back.
pub async fn note(conn: &mut PgConnection, payment: &Payment) -> Result<(), sqlx::Error> {
    if let Some(return_url) = &payment.return_url {
        sqlx::query!(
            "update payments set return_url = $2 where payment_id = $1",
            payment.id.as_uuid(),
            return_url
        )
        .execute(&mut *conn)
        .await?;
    }
    if payment
        .tenders
        .iter()
        .any(|tender| tender.refund_rank != tender.number)
    {
        let tenders = Columns(&payment.tenders);
        sqlx::query!(
            "update tenders t set refund_rank = given.rank
               from unnest($2::int[], $3::int[]) as given (number, rank)
              where t.payment_id = $1 and t.number = given.number",
            payment.id.as_uuid(),
            &tenders.of(|tender| tender.number),
            &tenders.of(|tender| tender.refund_rank)
        )
        .execute(conn)
        .await?;
    }
    Ok(())
}

/// Brings the row of a payment that is locked in line with `payment`.
pub async fn update(
    conn: &mut PgConnection,
    payment: &Payment,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update payments
            set status = $2, owed_minor = $3, amount_minor = $4, captured_minor = $5, failure_code = $6,
                failure_detail = $7, updated_at = $8
          where payment_id = $1",
        payment.id.as_uuid(),
        payment.status.as_str(),
        payment.owed_minor,
        payment.amount_minor,
        payment.captured_minor,
        payment.failure.as_ref().map(|f| f.code.as_str()),
        payment.failure.as_ref().map(|f| f.detail.as_str()),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}
