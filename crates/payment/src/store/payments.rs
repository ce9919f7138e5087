//! The table `payments`: writing whole payments, and moving one on.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use contracts::events::Origin;
use ids::PaymentId;
use sqlx::PgConnection;

use super::rows::{NewLine, NewOperation, NewPayment, NewTender};
use crate::domain::{Payment, Transaction};

/// Writes payments with their tenders, operations and lines in one round trip. Returns those that were written: the
/// others' order references belong to payments that have not failed. No two of `payments` share a reference, and all are
/// made at the same time.
pub async fn insert(
    conn: &mut PgConnection,
    payments: &[&Payment],
    operations: &[Transaction],
) -> Result<HashSet<PaymentId>, sqlx::Error> {
    let Some(first) = payments.first() else {
        return Ok(HashSet::new());
    };
    let rows: Vec<_> = payments
        .iter()
        .map(|payment| NewPayment::from(*payment))
        .collect();
    // Which means each is paid by, the statement finds by its token.
    let tenders = payments
        .iter()
        .flat_map(|payment| NewTender::of(payment, |_| None));
    let tokens = payments.iter().flat_map(|payment| &payment.tenders);
    let tokens: Vec<_> = tokens.map(|tender| tender.token.as_deref()).collect();
    let operations: Vec<_> = operations.iter().map(NewOperation::from).collect();
    let lines = payments.iter().flat_map(|payment| NewLine::of(payment));
    let written = sqlx::query_file_scalar!(
        "src/store/insert.sql",
        &rows as &[NewPayment<'_>],
        first.created_at,
        &tenders.collect::<Vec<_>>() as &[NewTender<'_>],
        &tokens as &[Option<&str>],
        &operations as &[NewOperation<'_>],
        &lines.collect::<Result<Vec<_>, _>>()? as &[NewLine<'_>]
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
