//! Tells what was taken, and what went back.

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::RefundOutcome;
use ids::TransactionId;

use super::amounts::of_lines;
use super::broken;
use crate::domain::parts::spread;
use crate::domain::payment::Refund;
use crate::domain::{Cause, ConnectorName, Done, Operation, OperationState, Payment};
use crate::error::Error;
use crate::store::payment_lines;

/// Tells that everything was taken that will be. What was let go of a payment made here is no part of what was sold;
/// what went back before is told of after it.
pub(super) async fn complete(
    work: &mut Work,
    payment: &mut Payment,
    history: &[Done],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let never_taken = payment.owed_minor.saturating_sub(payment.captured_minor);
    if payment.connector != ConnectorName::External && never_taken > 0 {
        let parts = spread(&payment.lines, never_taken);
        payment_lines::cancel(work.conn(), payment.id, &parts).await?;
        for (line, minor) in of_lines(payment, &parts) {
            line.canceled_minor = minor;
        }
    }
    work.publish(&payment.completed(), now)?;
    let mut before = vec![0_i64; payment.lines.len()];
    for done in history {
        let refund = refund_of(history, done.id, RefundOutcome::Refunded);
        let Some(refund) = refund.filter(|_| done.state == OperationState::Succeeded) else {
            continue;
        };
        tell(work, payment, &refund, &before, now)?;
        for part in refund.parts {
            for (line, before) in payment.lines.iter().zip(&mut before) {
                if line.line.line_number == part.line_number {
                    *before = before.saturating_add(part.amount_minor);
                }
            }
        }
    }
    Ok(())
}

/// A refund that a caller asked for. What goes back since a payment is given up was never told of as taken.
pub(super) fn refund_of(history: &[Done], id: TransactionId, outcome: RefundOutcome) -> Option<Refund<'_>> {
    let done = history.iter().find(|done| done.id == id)?;
    let is_told = done.operation == Operation::Refund
        && done.cause == Cause::Caller
        && (done.state == OperationState::Succeeded || outcome == RefundOutcome::Reversed);
    is_told.then_some(Refund {
        transaction_id: done.id,
        tender_number: done.tender_number,
        amount_minor: done.amount_minor,
        parts: &done.parts,
        outcome,
    })
}

pub(super) fn tell(
    work: &mut Work,
    payment: &Payment,
    refund: &Refund<'_>,
    before: &[i64],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let told = payment
        .refunded(refund, before, now)
        .ok_or_else(|| broken(payment, "what goes back was taken"))?;
    work.publish(&told, now)?;
    Ok(())
}
