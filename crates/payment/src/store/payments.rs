//! The table `payments`: writing whole payments, and moving one on.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use contracts::events::Origin;
use ids::PaymentId;
use sqlx::PgConnection;

use crate::domain::amounts::line_amounts;
use crate::domain::{Command, Payment, PaymentStatus, Transaction};

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
        .flat_map(|p| p.lines.iter().map(move |l| (p.id.as_uuid(), l)))
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

/// Moves a payment from one status to another; false where it is not in `from` any more.
pub async fn advance(
    conn: &mut PgConnection,
    payment: &Payment,
    from: PaymentStatus,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update payments
            set status = $3, captured_minor = $4, failure_code = $5, failure_detail = $6, updated_at = $7
          where payment_id = $1 and status = $2",
        payment.id.as_uuid(),
        from.as_str(),
        payment.status.as_str(),
        payment.captured_minor,
        payment.failure.as_ref().map(|f| f.code.as_str()),
        payment.failure.as_ref().map(|f| f.detail.as_str()),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes a payment into processing for `command`; false where its status does not allow that, so that of several
/// commands at once exactly one goes on.
pub async fn begin_change(
    conn: &mut PgConnection,
    id: PaymentId,
    command: Command,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update payments set status = 'processing', updated_at = $2
          where payment_id = $1 and status = any($3)",
        id.as_uuid(),
        now,
        &command.allowed_in() as &[&str]
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
