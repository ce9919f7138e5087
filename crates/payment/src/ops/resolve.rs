//! Open operations that nobody looks after: asks the connector, and goes on from what it says.

use ids::PaymentId;
use tokio::task::JoinSet;

use super::{Answered, Keeping, Payments};
use crate::connectors::{Found, GivenUp, Outcome, Task};
use crate::domain::Ending;
use crate::error::Error;
use crate::store::transactions;

/// Operations that one round takes up.
const ROUND: i64 = 64;

impl Payments {
    /// Takes up operations that are due and works on them side by side; returns how many.
    pub async fn work_off(&self) -> Result<usize, Error> {
        let tasks = self.take(None, ROUND).await?;
        let count = tasks.len();
        let mut working = JoinSet::new();
        for task in tasks {
            let payments = self.clone();
            working.spawn(async move {
                let id = task.id;
                if let Err(error) = payments.settle(task, None).await {
                    // Its lease ends, and then it is taken up again.
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(transaction_id = %id, error, "an operation could not be settled");
                }
            });
        }
        while working.join_next().await.is_some() {}
        Ok(count)
    }

    /// Leases open operations that are due, of any payment or of one.
    pub(super) async fn take(&self, of: Option<PaymentId>, limit: i64) -> Result<Vec<Task>, Error> {
        let now = self.now();
        // Long enough to ask and then to send again.
        let until = now + self.lease() + self.0.connectors.deadline();
        let mut work = self.0.outbox.begin().await?;
        let tasks = transactions::take_due(work.conn(), of, now, until, limit).await?;
        if tasks.is_empty() {
            work.roll_back().await?;
        } else {
            work.commit().await?;
        }
        Ok(tasks)
    }

    /// Finds out what became of an operation. One that was sent is asked for first: only what the connector has never
    /// seen is sent again, under the same key.
    pub(super) async fn settle(&self, task: Task, keeping: Option<Keeping<'_>>) -> Result<Answered, Error> {
        let outcome = match task.ending {
            Some(ending) => self.give_up(&task, ending).await,
            None if task.was_sent => match self.0.connectors.look_up(&task).await {
                Found::Executed(outcome) => outcome,
                Found::Nothing => self.0.connectors.perform(&task).await,
                Found::NoAnswer(reason) => Outcome::Unknown(reason),
            },
            None => self.0.connectors.perform(&task).await,
        };
        self.go_on(task, outcome, keeping).await
    }

    /// Has the connector give up what waits for the buyer. Where it waits no more, what became of it counts.
    pub(super) async fn give_up(&self, task: &Task, ending: Ending) -> Outcome {
        match self.0.connectors.give_up(task).await {
            GivenUp::Yes => Outcome::GivenUp(ending),
            GivenUp::NoAnswer(reason) => Outcome::Unknown(reason),
            GivenUp::TooLate => match self.0.connectors.look_up(task).await {
                Found::Executed(Outcome::RequiresAction { .. }) => {
                    Outcome::Unknown("it waits for the buyer, and can't be given up".to_owned())
                }
                Found::Executed(outcome) => outcome,
                // A connector that does not know what it told of before is asked again.
                Found::Nothing => Outcome::Unknown("the connector does not know it any more".to_owned()),
                Found::NoAnswer(reason) => Outcome::Unknown(reason),
            },
        }
    }
}
