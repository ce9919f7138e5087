//! What connectors tell by themselves: stored, answered, and then worked on.

use chrono::{DateTime, TimeDelta, Utc};
use tokio::task::JoinSet;

use super::tasks::task_of;
use super::{Payments, pause};
use crate::connectors::{Outcome, RawWebhook, Told};
use crate::domain::{ConnectorName, Failure, OperationState};
use crate::error::Error;
use crate::store::webhooks::{self, Fate, Taken};
use crate::store::{reading, transactions};

/// Webhooks that one round takes up.
const ROUND: i64 = 64;
/// How long one belongs to whoever took it up.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// The pause before one that could not be worked on is taken up again, in milliseconds; it doubles up to the longest.
const FIRST_PAUSE_MS: i64 = 500;
const LONGEST_PAUSE_MS: i64 = 300_000;
/// The longest pause of one that waits for something that may come: nobody hurries it.
const LONGEST_WAIT_MS: i64 = 3_600_000;
/// How long after it came that is waited for.
const PATIENCE: TimeDelta = TimeDelta::days(7);

impl Payments {
    /// Stores a webhook that its connector signed. One that comes again is answered and changes nothing.
    pub async fn take_in(&self, connector: ConnectorName, raw: &RawWebhook) -> Result<(), Error> {
        let now = self.now();
        let webhook = match self.0.connectors.verify(connector, raw, now) {
            Ok(webhook) => webhook,
            Err(refusal) => {
                count(connector, "refused");
                return Err(Error::Webhook(refusal));
            }
        };
        let mut work = self.0.outbox.begin().await?;
        let is_new = webhooks::insert(work.conn(), connector, &webhook, now).await?;
        work.commit().await?;
        count(connector, if is_new { "stored" } else { "repeated" });
        Ok(())
    }

    /// Takes up webhooks that are due; returns how many.
    pub async fn work_off_webhooks(&self) -> Result<usize, Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let taken = webhooks::take_due(work.conn(), now, now + LEASE, ROUND).await?;
        work.commit().await?;
        let many = taken.len();
        let mut working = JoinSet::new();
        for webhook in taken {
            let payments = self.clone();
            working.spawn(async move {
                if let Err(error) = payments.work_on(&webhook).await {
                    // Its lease ends, and then it is taken up again.
                    let error: &dyn std::error::Error = &error;
                    tracing::warn!(
                        event_id = webhook.event_id,
                        error,
                        "a webhook could not be worked on"
                    );
                }
            });
        }
        while working.join_next().await.is_some() {}
        Ok(many)
    }

    async fn work_on(&self, taken: &Taken) -> Result<(), Error> {
        let fate = match self.follow(taken).await {
            Ok(fate) => fate,
            Err(error) => {
                let again_at = self.now() + pause(time(taken), FIRST_PAUSE_MS, LONGEST_PAUSE_MS);
                tracing::warn!(event_id = taken.event_id, error = %error, "a webhook waits");
                Fate::Waiting(error.to_string(), again_at)
            }
        };
        count(
            taken.connector,
            match fate {
                Fate::Done => "done",
                Fate::Ignored(_) => "ignored",
                Fate::Contradicted(_) => "contradicted",
                Fate::Waiting(..) => "waiting",
            },
        );
        let mut work = self.0.outbox.begin().await?;
        webhooks::settle(work.conn(), taken, &fate).await?;
        Ok(work.commit().await?)
    }

    /// Does what a webhook tells. Done twice, it changes nothing the second time.
    async fn follow(&self, taken: &Taken) -> Result<Fate, Error> {
        match self.0.connectors.read(taken.connector, &taken.body) {
            Ok(Told::Operation { key, outcome }) => self.told_outcome(taken.connector, &key, outcome).await,
            Ok(Told::Dispute(news)) => self.told_dispute(taken, &news).await,
            Ok(Told::Nothing(what)) => Ok(Fate::Ignored(what)),
            // Its connector signed it: a newer version may be able to.
            Err(problem) => Ok(wait(taken, format!("it can't be read: {problem}"), self.now())),
        }
    }

    /// What became of an operation. It may come before the connector's own answer, and long after it; so it is looked at
    /// under the lock of the payment.
    async fn told_outcome(
        &self,
        connector: ConnectorName,
        key: &str,
        outcome: Outcome,
    ) -> Result<Fate, Error> {
        let now = self.now();
        let mut work = self.0.outbox.begin().await?;
        let Some((payment_id, id)) = transactions::by_key(work.conn(), key).await? else {
            return Ok(Fate::Ignored(format!("there is no operation of the key {key}")));
        };
        let payment = reading::lock(work.conn(), payment_id)
            .await?
            .ok_or(Error::NotFound(payment_id))?;
        let history = transactions::of_payment(work.conn(), payment_id).await?;
        let Some(done) = history.iter().find(|done| done.id == id) else {
            return Ok(Fate::Ignored(format!("there is no operation {id}")));
        };
        let task = task_of(&payment, &history, done);
        if task.connector != connector {
            return Ok(Fate::Ignored(format!(
                "{} was asked for it, and not {}",
                task.connector.as_str(),
                connector.as_str()
            )));
        }
        // What was refused may have been done by another connector since, or been told of as failed.
        if done.state.is_refused() && matches!(outcome, Outcome::Succeeded { .. }) {
            tracing::error!(%payment_id, transaction_id = %id, "a connector tells as done what it had refused");
            return Ok(Fate::Contradicted(
                "it had been refused, and is told of as done now: look at it with the connector".to_owned(),
            ));
        }
        // A refund that had succeeded and is declined now failed after all.
        let outcome = match outcome {
            Outcome::Declined(why) if done.state == OperationState::Succeeded => {
                if !done.operation.may_fail_later() {
                    return Ok(Fate::Contradicted(contradiction(&why)));
                }
                Outcome::Failed(why)
            }
            outcome => outcome,
        };
        let stood = payment.status;
        let concluded = self.conclude(&mut work, payment, &task, &outcome, now).await?;
        work.commit().await?;
        self.carry_on(concluded, stood).await?;
        Ok(Fate::Done)
    }
}

/// Waits for what is missing and may come, `why` says what: a charge whose name is not known yet, a version that can read
/// it. One that has waited for longer than [`PATIENCE`] is given up, and people hear of it.
pub(super) fn wait(taken: &Taken, why: String, now: DateTime<Utc>) -> Fate {
    let connector = taken.connector.as_str();
    // Why a body can't be read may quote it, and nobody has looked through what a connector signs.
    let shown = web::card_number::mask(&why);
    if now - taken.received_at > PATIENCE {
        tracing::error!(
            connector,
            event_id = taken.event_id,
            why = shown,
            "a webhook is given up: look at it with the connector"
        );
        return Fate::Ignored(why);
    }
    tracing::warn!(
        connector,
        event_id = taken.event_id,
        why = shown,
        "a webhook waits"
    );
    Fate::Waiting(why, now + pause(time(taken), FIRST_PAUSE_MS, LONGEST_WAIT_MS))
}

/// Which taking up it is.
fn time(taken: &Taken) -> u32 {
    u32::try_from(taken.attempts).unwrap_or(1)
}

fn contradiction(why: &Failure) -> String {
    format!("it had succeeded, and is told of as declined now: {}", why.code)
}

fn count(connector: ConnectorName, result: &'static str) {
    let labels = [("connector", connector.as_str()), ("result", result)];
    metrics::counter!("jeongsan_webhooks_total", &labels).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_come_is_waited_for_in_longer_pauses_and_for_a_week() {
        let received_at = DateTime::UNIX_EPOCH;
        for (attempts, age, pause_ms) in [
            (1, TimeDelta::zero(), Some(500)),
            (2, TimeDelta::seconds(1), Some(1_000)),
            (12, TimeDelta::minutes(30), Some(1_024_000)),
            (13, TimeDelta::hours(1), Some(2_048_000)),
            (14, TimeDelta::hours(2), Some(3_600_000)),
            (i32::MAX, TimeDelta::days(7), Some(3_600_000)),
            (1, TimeDelta::days(7) + TimeDelta::microseconds(1), None),
            (i32::MAX, TimeDelta::days(8), None),
        ] {
            let taken = Taken {
                connector: ConnectorName::Stripe,
                event_id: "evt_1".to_owned(),
                body: Vec::new(),
                received_at,
                attempts,
            };
            let now = received_at + age;
            let why = "there is no charge".to_owned();
            let expected = pause_ms.map_or_else(
                || Fate::Ignored(why.clone()),
                |ms| Fate::Waiting(why.clone(), now + TimeDelta::milliseconds(ms)),
            );
            assert_eq!(wait(&taken, why, now), expected, "{attempts} {age}");
        }
    }
}
