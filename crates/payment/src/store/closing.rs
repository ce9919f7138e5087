//! Payments whose only operation succeeded, written in two statements: outcome, amounts and status.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use ids::PaymentId;
use sqlx::PgConnection;

use super::payments::Columns;
use crate::domain::{Done, OperationState, Payment, PaymentStatus, Tender};

/// A payment of one tender as it is after its only operation succeeded.
#[derive(Debug, Clone, Copy)]
pub struct Closing<'a> {
    /// The payment.
    pub payment: &'a Payment,
    /// The operation.
    pub operation: &'a Done,
}

impl Closing<'_> {
    fn of_tender<T>(&self, value: impl Fn(&Tender) -> T) -> Option<T> {
        self.payment.tender(self.operation.tender_number).map(value)
    }
}

/// Locks the payments and writes what they come to; returns those that were written. The others are somebody else's by
/// now, or their operations were moved on.
pub async fn close(
    conn: &mut PgConnection,
    closing: &[Closing<'_>],
    now: DateTime<Utc>,
) -> Result<HashSet<PaymentId>, sqlx::Error> {
    let all = Columns(closing);
    // As whoever moves anything of a payment: the payment first, so that nobody else moves it until this commits. One that
    // somebody holds is left out, for the others must not wait for it.
    let locked = sqlx::query_scalar!(
        "select payment_id from payments
          where payment_id = any($1) and status = any($2)
            for update skip locked",
        &all.of(|c| c.payment.id.as_uuid()),
        // As a parameter, so that no index of all that is open is read for it.
        &[PaymentStatus::Processing.as_str()] as &[&str]
    )
    .fetch_all(&mut *conn)
    .await?;
    let locked: HashSet<_> = locked.into_iter().map(PaymentId::from_uuid).collect();
    let there: Vec<_> = closing
        .iter()
        .filter(|c| locked.contains(&c.payment.id))
        .collect();
    let rows = Columns(&there);
    let written = sqlx::query_file_scalar!(
        "src/store/close.sql",
        &rows.of(|c| c.payment.id.as_uuid()),
        &rows.of(|c| c.operation.id.as_uuid()),
        &rows.of(|c| c.operation.tender_number),
        &rows.of(|c| c.operation.connector_reference.as_deref()) as &[Option<&str>],
        &rows.of(|c| c.of_tender(|t| t.amounts.captured_minor).unwrap_or(0)),
        &rows.of(|c| c.of_tender(|t| t.held_until).flatten()) as &[Option<DateTime<Utc>>],
        &rows.of(|c| c.payment.status.as_str()) as &[&str],
        &rows.of(|c| c.payment.captured_minor),
        now,
        &[OperationState::Sent.as_str()] as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(written.into_iter().map(PaymentId::from_uuid).collect())
}
