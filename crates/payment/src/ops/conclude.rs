//! What follows from the outcome of an operation: amounts, lines, the next operation, the status, events.

mod amounts;
mod disputed;
mod telling;

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::RefundOutcome;
use ids::TransactionId;

use self::amounts::{apply, enlarge, reverse};
use self::telling::{complete, refund_of, tell};
use super::Payments;
use super::tasks::{charge, task};
use crate::connectors::{Outcome, Task};
use crate::domain::plan::next_step;
use crate::domain::status::{follows, given_up, is_complete};
use crate::domain::{
    Change, ConnectorName, Done, Failure, Operation, OperationState, Payment, PaymentStatus, Step,
    Transaction,
};
use crate::error::Error;
use crate::store::tenders::{self, Moving};
use crate::store::{changes, payments, reading, routes, transactions};

/// Pauses, in milliseconds; each doubles up to the longest of its kind. Before a connector that did not answer is asked:
const FIRST_QUESTION_MS: i64 = 250;
/// Before it is asked whether the buyer has acted, which its webhook mostly tells earlier:
const FIRST_LOOK_MS: i64 = 1_000;
const LONGEST_PAUSE_MS: i64 = 60_000;
/// Before what was refused, and must go back, is tried again under a new key:
const FIRST_RELEASE_MS: i64 = 1_000;
const LONGEST_RELEASE_MS: i64 = 3_600_000;

/// What a payment is after an operation has moved, and what is done next.
pub(super) struct Concluded {
    /// As it is written now.
    pub(super) payment: Payment,
    /// The operation that was begun with it, for whoever works on it.
    pub(super) next: Option<Task>,
}

impl Payments {
    /// Moves an operation of a payment that is locked on by `outcome`, and brings the payment in line with it.
    ///
    /// An operation that someone else ended first, or took up after this one's attempt, stays as it is, and so does the
    /// payment.
    pub(super) async fn conclude(
        &self,
        work: &mut Work,
        mut payment: Payment,
        task: &Task,
        outcome: &Outcome,
        now: DateTime<Utc>,
    ) -> Result<Concluded, Error> {
        let mut history = transactions::of_payment(work.conn(), payment.id).await?;
        let was = |done: &Done| done.id == task.id && done.state == OperationState::Succeeded;
        let is_reversal = history.iter().any(was);
        let was_complete = is_complete(&payment.amounts(), &history);
        let before: Vec<i64> = payment.lines.iter().map(|line| line.refunded_minor).collect();
        let Some(state) = moved(work, task, outcome, now).await? else {
            shout(&history, task, outcome);
            return Ok(Concluded { payment, next: None });
        };
        note(&mut history, task, outcome, state);
        let asked = match task.change_id {
            Some(id) => changes::one(work.conn(), id).await?,
            None => None,
        };
        match outcome {
            Outcome::Succeeded { held_until, .. } => {
                apply(work, &mut payment, &history, task, *held_until).await?;
                if task.operation == Operation::Increment {
                    enlarge(work, &mut payment, task, asked.as_ref()).await?;
                }
                payment.failure = None;
            }
            Outcome::Unknown(_) | Outcome::RequiresAction { .. } => {}
            Outcome::Declined(_) | Outcome::Failed(_) | Outcome::GivenUp(_) if is_reversal => {
                reverse(work, &mut payment, &history, task).await?;
                payment.failure = refusal(outcome);
            }
            Outcome::Declined(_) | Outcome::Failed(_) | Outcome::GivenUp(_) => {
                tenders::not_moved(work.conn(), payment.id, task.tender_number).await?;
                payment.failure = refusal(outcome);
            }
        }
        let stood = payment.status;
        let change = asked.as_ref().map(|asked| &asked.change);
        let next = self
            .begin_next(work, &mut payment, &mut history, change, now)
            .await?;
        payment.action = match outcome {
            Outcome::RequiresAction { action, .. } => Some(action.clone()),
            Outcome::Unknown(_) => payment.action,
            _ => None,
        };
        if is_complete(&payment.amounts(), &history) {
            let how = if is_reversal {
                RefundOutcome::Reversed
            } else {
                RefundOutcome::Refunded
            };
            if !was_complete {
                complete(work, &mut payment, &history, now).await?;
            } else if let Some(refund) = refund_of(&history, task.id, how) {
                tell(work, &payment, &refund, &before, now)?;
            }
        }
        put(work, &payment, stood, now).await?;
        Ok(Concluded { payment, next })
    }

    /// Does what was begun when the payment, that stood at `stood`, was brought in line; and counts where it came to rest.
    pub(super) async fn carry_on(&self, concluded: Concluded, stood: PaymentStatus) -> Result<(), Error> {
        let Concluded { payment, next } = concluded;
        match next {
            Some(next) => drop(self.perform(next, None).await?),
            None if payment.status != stood => super::count(&payment),
            None => {}
        }
        Ok(())
    }

    /// Begins what is to be done next, and says where the payment stands then.
    async fn begin_next(
        &self,
        work: &mut Work,
        payment: &mut Payment,
        history: &mut Vec<Done>,
        change: Option<&Change>,
        now: DateTime<Utc>,
    ) -> Result<Option<Task>, Error> {
        let next = match next_step(payment, history, change) {
            Some(step) => self.begin(work, payment, history, step, now).await?,
            None => None,
        };
        if let Some(refused) = given_up(history) {
            payment.failure.clone_from(&refused.refusal);
        }
        payment.status = follows(payment.status, &payment.amounts(), history);
        Ok(next)
    }

    /// Writes an operation that begins, reserves what it is to move, and adds it to `history`. Where another connector is
    /// asked than before, the payment is that one's from now on.
    pub(super) async fn begin(
        &self,
        work: &mut Work,
        payment: &mut Payment,
        history: &mut Vec<Done>,
        step: Step,
        now: DateTime<Utc>,
    ) -> Result<Option<Task>, Error> {
        let moving = Moving {
            payment_id: payment.id,
            number: step.tender_number,
            operation: step.operation,
            amount_minor: step.amount_minor,
        };
        if step.connector != payment.connector {
            turn_to(work, payment, step.connector).await?;
        }
        if !tenders::reserve(work.conn(), moving).await? {
            return Err(broken(payment, "what is planned is there"));
        }
        let id = TransactionId::generate();
        // A release that was refused is tried again later, by the worker: nobody waits for it.
        let (state, due_at) = match step.refusals {
            0 => (OperationState::Sent, now + self.lease()),
            refusals => (
                OperationState::Created,
                now + super::pause(refusals, FIRST_RELEASE_MS, LONGEST_RELEASE_MS),
            ),
        };
        let operation = Transaction {
            id,
            payment_id: payment.id,
            tender_number: step.tender_number,
            operation: step.operation,
            cause: step.cause,
            // Of a payment that is routed, for good: its connector may be another one later.
            connector: (!payment.route.is_empty()).then_some(step.connector),
            change_id: step.change_id,
            state,
            amount_minor: step.amount_minor,
            parts: step.parts,
            connector_key: (payment.connector != ConnectorName::External).then(|| id.to_string()),
            due_at: Some(due_at),
        };
        transactions::insert(work.conn(), &operation, now).await?;
        let next =
            (state == OperationState::Sent).then(|| task(payment, &operation, charge(history, &operation)));
        history.push(Done::of(&operation));
        Ok(next)
    }
}

/// Writes a payment that stood at `stood` as it is now, and tells once that it failed: then it is as it was told, for good.
async fn put(
    work: &mut Work,
    payment: &Payment,
    stood: PaymentStatus,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let failed = PaymentStatus::Failed;
    if payment.status != failed || stood != failed {
        payments::update(work.conn(), payment, now).await?;
    }
    if payment.status == failed && stood != failed {
        work.publish(&payment.failed(now), now)?;
    }
    Ok(())
}

/// Has another connector of its route take a payment that nobody has taken yet.
async fn turn_to(work: &mut Work, payment: &mut Payment, connector: ConnectorName) -> Result<(), Error> {
    let labels = [("from", payment.connector.as_str()), ("to", connector.as_str())];
    metrics::counter!("jeongsan_payment_fallbacks_total", &labels).increment(1);
    routes::turn_to(work.conn(), payment.id, connector).await?;
    payment.connector = connector;
    payment.tenders = reading::tenders(work.conn(), payment.id).await?;
    Ok(())
}

/// Writes where the operation stands now, and returns that; none where it may not go there.
async fn moved(
    work: &mut Work,
    task: &Task,
    outcome: &Outcome,
    now: DateTime<Utc>,
) -> Result<Option<OperationState>, Error> {
    let conn = work.conn();
    let state = match outcome {
        Outcome::Succeeded { .. } => OperationState::Succeeded,
        Outcome::Declined(_) => OperationState::Declined,
        Outcome::Failed(_) => OperationState::Failed,
        Outcome::GivenUp(ending) => ending.state(),
        Outcome::RequiresAction { reference, action } => {
            let pause = super::pause(task.tries(), FIRST_LOOK_MS, LONGEST_PAUSE_MS);
            let again_at = (now + pause).min(action.until.max(now));
            let operation = (task.id, task.attempt);
            let waits = transactions::wait_for_buyer(conn, operation, reference, action, again_at, now);
            return Ok(waits.await?.then_some(OperationState::RequiresAction));
        }
        Outcome::Unknown(reason) => {
            tracing::warn!(
                payment_id = %task.payment_id,
                transaction_id = %task.id,
                attempt = task.attempt,
                reason,
                "the outcome of an operation is not known; its connector will be asked"
            );
            let again_at = now + super::pause(task.tries(), FIRST_QUESTION_MS, LONGEST_PAUSE_MS);
            return Ok(transactions::leave_unknown(conn, task.id, task.attempt, again_at, now).await?);
        }
    };
    let reference = match outcome {
        Outcome::Succeeded { reference, .. } => reference.as_deref(),
        _ => None,
    };
    let ended = transactions::end(conn, task.id, state, reference, refusal(outcome).as_ref(), now).await?;
    Ok(ended.then_some(state))
}

/// Logs an outcome that can't be written any more: the connector did what counts as refused here. Somebody has to look at it,
/// with the connector.
fn shout(history: &[Done], task: &Task, outcome: &Outcome) {
    let refused = |done: &Done| done.id == task.id && done.state.is_refused();
    if matches!(outcome, Outcome::Succeeded { .. }) && history.iter().any(refused) {
        tracing::error!(
            payment_id = %task.payment_id,
            transaction_id = %task.id,
            "a connector did what counts as refused"
        );
    }
}

/// The same in the history that is at hand.
fn note(history: &mut [Done], task: &Task, outcome: &Outcome, state: OperationState) {
    let Some(done) = history.iter_mut().find(|done| done.id == task.id) else {
        return;
    };
    done.state = state;
    done.refusal = refusal(outcome);
    done.is_ending = done.is_ending && state.is_open();
    match outcome {
        Outcome::Succeeded {
            reference: Some(reference),
            ..
        }
        | Outcome::RequiresAction { reference, .. } => {
            done.connector_reference = Some(reference.clone());
        }
        _ => {}
    }
}

fn broken(payment: &Payment, rule: &str) -> Error {
    Error::Broken {
        payment_id: payment.id,
        rule: rule.to_owned(),
    }
}

/// Why an operation was not done, as far as that is known.
fn refusal(outcome: &Outcome) -> Option<Failure> {
    match outcome {
        Outcome::Declined(why) | Outcome::Failed(why) => Some(why.clone()),
        Outcome::GivenUp(ending) => Some(ending.refusal()),
        Outcome::Succeeded { .. } | Outcome::RequiresAction { .. } | Outcome::Unknown(_) => None,
    }
}
