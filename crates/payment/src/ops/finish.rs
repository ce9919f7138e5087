//! The third step: writes down what became of an operation, and answers whoever waits for it.

use bus::Work;
use chrono::{DateTime, TimeDelta, Utc};
use once::{Granted, KeyedRequest};

use super::{Answered, Payments, answer_of, count, keep};
use crate::connectors::Outcome;
use crate::domain::amounts::total;
use crate::domain::payment::TenderAmounts;
use crate::domain::{Failure, Operation, OperationState, Payment, PaymentStatus, status};
use crate::error::Error;
use crate::store::transactions::Task;
use crate::store::{payments, reading, tenders, transactions};

/// The first pause before a connector that did not answer is asked, in milliseconds; it doubles up to the longest.
const FIRST_PAUSE_MS: i64 = 250;
const LONGEST_PAUSE_MS: i64 = 60_000;

/// The claim under which an answer is to be kept.
pub(super) struct Keeping<'a> {
    pub(super) key: &'a KeyedRequest,
    pub(super) granted: &'a Granted,
    /// The status of the answer once the outcome is known.
    pub(super) done: u16,
}

impl Payments {
    /// Outcome, amounts, status, event and answer in one transaction. An operation that someone else ended first
    /// stays as it is, and the payment is told as it stands.
    pub(super) async fn finish(
        &self,
        task: &Task,
        outcome: Outcome,
        keeping: Option<Keeping<'_>>,
    ) -> Result<Answered, Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let mut payment = reading::lock(work.conn(), task.payment_id)
            .await?
            .ok_or(Error::NotFound(task.payment_id))?;
        let before = payment.status;
        if end(&mut work, task, &outcome, now).await? {
            apply(&mut work, &mut payment, task, &outcome, now).await?;
        }
        let answer = answer_of(&payment, keeping.as_ref().map_or(200, |k| k.done))?;
        if let Some(keeping) = &keeping {
            keep(&mut work, keeping.granted, &answer).await?;
        }
        work.commit().await?;
        if payment.status != before {
            count(&payment);
        }
        if let Some(keeping) = &keeping {
            self.0.hints.put(keeping.key, &answer).await;
        }
        Ok(Answered::first(answer))
    }
}

/// Moves the operation on; false where there was nothing left to move.
async fn end(work: &mut Work, task: &Task, outcome: &Outcome, now: DateTime<Utc>) -> Result<bool, Error> {
    let conn = work.conn();
    let done = match outcome {
        Outcome::Succeeded(reference) => {
            let reference = reference.as_deref();
            transactions::end(conn, task.id, OperationState::Succeeded, reference, None, now).await
        }
        Outcome::Declined(why) => {
            transactions::end(conn, task.id, OperationState::Declined, None, Some(why), now).await
        }
        Outcome::Failed(why) => {
            transactions::end(conn, task.id, OperationState::Failed, None, Some(why), now).await
        }
        Outcome::Unknown(reason) => {
            tracing::warn!(
                payment_id = %task.payment_id,
                transaction_id = %task.id,
                attempt = task.attempt,
                reason,
                "the outcome of an operation is not known; its connector will be asked"
            );
            let again_at = now + pause(task.attempt);
            transactions::leave_unknown(conn, task.id, task.attempt, again_at, now).await
        }
    };
    Ok(done?)
}

fn pause(attempt: i32) -> TimeDelta {
    let doublings = u32::try_from(attempt).unwrap_or(0).min(16);
    TimeDelta::milliseconds((FIRST_PAUSE_MS << doublings).min(LONGEST_PAUSE_MS))
}

/// Brings tender, status and events in line with an operation that has moved.
async fn apply(
    work: &mut Work,
    payment: &mut Payment,
    task: &Task,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let payment_id = payment.id;
    let broken = |rule: &str| Error::Broken {
        payment_id,
        rule: rule.to_owned(),
    };
    let history = transactions::of_payment(work.conn(), payment.id).await?;
    let number = history
        .iter()
        .find(|done| done.id == task.id)
        .map(|done| done.tender_number);
    if let Outcome::Succeeded(_) = outcome {
        let tender = payment
            .tenders
            .iter_mut()
            .find(|tender| Some(tender.number) == number)
            .ok_or_else(|| broken("an operation belongs to a tender"))?;
        tender.amounts = tender
            .amounts
            .after(task.operation, task.amount.amount_minor())
            .ok_or_else(|| broken("captured + voided <= authorized, refunded <= captured"))?;
        tenders::update(work.conn(), payment_id, tender).await?;
    }
    let before = payment.status;
    let amounts: Vec<TenderAmounts> = payment.tenders.iter().map(|t| t.amounts).collect();
    let states: Vec<_> = history.iter().map(|done| (done.operation, done.state)).collect();
    payment.status = status::derive(&amounts, &states);
    payment.captured_minor =
        total(amounts.iter().map(|a| a.captured_minor)).ok_or_else(|| broken("sums fit 64 bits"))?;
    payment.failure = refusal(outcome, payment.failure.take());
    if payment.status != before && !before.may_become(payment.status) {
        return Err(broken(&format!(
            "{} does not become {}",
            before.as_str(),
            payment.status.as_str()
        )));
    }
    if !payments::advance(work.conn(), payment, before, now).await? {
        return Err(broken("nobody moves a payment that is locked"));
    }
    let took = matches!(task.operation, Operation::Sale | Operation::Capture);
    if took && payment.status == PaymentStatus::Completed && before != PaymentStatus::Completed {
        work.publish(&payment.completed(), now)?;
    }
    if payment.status == PaymentStatus::Failed && before != PaymentStatus::Failed {
        work.publish(&payment.failed(now), now)?;
    }
    Ok(())
}

/// Why the last operation was refused: a success clears it, an open outcome leaves it.
fn refusal(outcome: &Outcome, before: Option<Failure>) -> Option<Failure> {
    match outcome {
        Outcome::Succeeded(_) => None,
        Outcome::Declined(why) | Outcome::Failed(why) => Some(why.clone()),
        Outcome::Unknown(_) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_minute() {
        for (attempt, expected_ms) in [(0, 250), (1, 500), (4, 4_000), (8, 60_000), (i32::MAX, 60_000)] {
            assert_eq!(pause(attempt).num_milliseconds(), expected_ms, "{attempt}");
        }
    }
}
