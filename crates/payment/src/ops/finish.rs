//! The third step: writes down what became of an operation, and answers whoever waits for it.

use once::{Granted, KeyedRequest};

use super::conclude::Concluded;
use super::{Answered, Payments, answer_of, count, keep};
use crate::connectors::{Outcome, Task};
use crate::error::Error;
use crate::store::reading;

/// The claim under which an answer is to be kept.
#[derive(Clone, Copy)]
pub(super) struct Keeping<'a> {
    pub(super) key: &'a KeyedRequest,
    pub(super) granted: &'a Granted,
    /// The status of the answer once the outcome is known.
    pub(super) done: u16,
}

/// What follows once an outcome is written.
enum After {
    /// Nothing that can be done now.
    Answer(Answered),
    /// The next operation, which is open already.
    Next(Task),
}

impl Payments {
    /// Has an operation done and goes on with what follows from it, until nothing is left that can be done now.
    pub(super) async fn perform(&self, task: Task, keeping: Option<Keeping<'_>>) -> Result<Answered, Error> {
        let outcome = self.0.connectors.perform(&task).await;
        self.go_on(task, outcome, keeping).await
    }

    /// Goes on from the outcome of an operation. Should this process die on the way, the operation that is open then
    /// is due when its lease ends, and the worker goes on from there.
    pub(super) async fn go_on(
        &self,
        mut task: Task,
        mut outcome: Outcome,
        keeping: Option<Keeping<'_>>,
    ) -> Result<Answered, Error> {
        loop {
            match self.finish(&task, outcome, keeping).await? {
                After::Answer(answered) => return Ok(answered),
                After::Next(next) => {
                    outcome = self.0.connectors.perform(&next).await;
                    task = next;
                }
            }
        }
    }

    /// Outcome, amounts, the next operation, status, events and answer in one transaction. An operation that someone
    /// else ended first stays as it is, and the payment is told as it stands.
    async fn finish(
        &self,
        task: &Task,
        outcome: Outcome,
        keeping: Option<Keeping<'_>>,
    ) -> Result<After, Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let payment = reading::lock(work.conn(), task.payment_id)
            .await?
            .ok_or(Error::NotFound(task.payment_id))?;
        let before = payment.status;
        let Concluded { payment, next } = self.conclude(&mut work, payment, task, &outcome, now).await?;
        if let Some(next) = next {
            work.commit().await?;
            return Ok(After::Next(next));
        }
        let answer = answer_of(&payment, keeping.map_or(200, |k| k.done))?;
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
        Ok(After::Answer(Answered::first(answer)))
    }
}
