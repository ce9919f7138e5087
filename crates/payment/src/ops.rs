//! The use cases, one a file. Only here transactions begin and end.

mod accept;
mod at_once;
mod batch;
mod change;
mod close;
mod conclude;
mod decide;
mod disputes;
mod evidence;
mod expire;
mod finish;
mod group;
mod hints;
mod list_webhooks;
mod methods;
mod open;
mod partners;
mod purge;
mod read;
mod record;
mod request;
mod resolve;
mod route;
mod routing;
mod tasks;
mod timeline;
mod together;
mod told;
mod webhooks;
mod write;

use std::sync::Arc;
use std::time::Duration;

use bus::{Outbox, Work};
use chassis::{Clock, Context, Peers, StartError};
use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use contracts::Caller;
use once::{Answer, Claim, Granted, KeyedRequest};
use telemetry::TraceContext;
use tokio_util::sync::CancellationToken;

use crate::connectors::Connectors;
use crate::domain::{ConnectorName, Order, Payment};
use crate::error::Error;
use crate::partner_service::PartnerService;
use crate::view::PaymentView;

pub use batch::{BatchItem, BatchRequest};
pub use change::{Asks, ChangeRequest};
pub use decide::Decision;
pub use disputes::DisputeFilter;
pub use evidence::EvidenceRequest;
pub use timeline::{Timeline, recorded_at};

pub use crate::store::listing::{Sort, Wanted};
pub use crate::store::webhooks::Wanted as WebhookFilter;
pub use methods::MethodFilter;

use close::Closer;
use finish::Keeping;
use group::Recorder;
use hints::Hints;
use open::Opener;
use partners::{Partners, Sale};
use together::{Groups, Queue, queue};

/// What a lease adds to a connector's deadline, so that a live claim is never taken for a dead one.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// The status of the first answer to whoever asks for a payment.
const CREATED: u16 = 201;

/// Everything that the use cases work with. Cheap to clone.
#[derive(Clone)]
pub struct Payments(Arc<Inner>);

struct Inner {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    connectors: Connectors,
    partners: Partners,
    hints: Hints,
    peers: Peers,
    recorder: Queue<Recorder>,
    opener: Queue<Opener>,
    closer: Queue<Closer>,
    key_retention: Duration,
}

/// A payment that is asked for, checked as far as that needs no database.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// Who asks.
    pub caller: Caller,
    /// Under which key.
    pub key: KeyedRequest,
    /// For what.
    pub order: Order,
    /// In which trace.
    pub trace: TraceContext,
}

/// An answer, and whether it was given before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answered {
    /// The answer.
    pub answer: Answer,
    /// Whether it is a repeat of the first one.
    pub is_replay: bool,
}

impl Answered {
    fn first(answer: Answer) -> Self {
        Self {
            answer,
            is_replay: false,
        }
    }

    fn replay(answer: Answer) -> Self {
        Self {
            answer,
            is_replay: true,
        }
    }
}

impl Payments {
    /// The use cases in the surroundings of `context`, and what waits to be done together by [`Payments::work_together`].
    pub fn new(context: &Context) -> Result<(Self, Queues), StartError> {
        let outbox = context.outbox()?;
        let ((recorder, record), (opener, open), (closer, close)) = (queue(), queue(), queue());
        let deadline = Duration::from_millis(context.settings.number("payment.connector_timeout_ms"));
        let hours = context.settings.number("payment.key_retention_hours");
        let inner = Inner {
            partners: Partners::new(
                PartnerService::new(context.peers.clone()),
                outbox.clone(),
                Arc::clone(&context.clock),
            ),
            outbox,
            clock: Arc::clone(&context.clock),
            connectors: Connectors::new(context, deadline)?,
            peers: context.peers.clone(),
            hints: Hints::new(Arc::clone(&context.cache)),
            recorder,
            opener,
            closer,
            key_retention: Duration::from_secs(hours.saturating_mul(3_600)),
        };
        Ok((Self(Arc::new(inner)), Queues { record, open, close }))
    }

    /// Does together what arrives together, until `stop`.
    pub async fn work_together(self, queues: Queues, stop: CancellationToken) {
        let Queues { record, open, close } = queues;
        tokio::join!(
            record.run(Recorder(self.clone()), stop.clone()),
            open.run(Opener(self.clone()), stop.clone()),
            close.run(Closer(self), stop),
        );
    }

    /// Makes a payment, or answers as before. `is_async`: it is only written down now and worked on later.
    pub async fn make(&self, mut incoming: Incoming, is_async: bool) -> Result<Answered, Error> {
        if let Some(answer) = self.0.hints.get(&incoming.key).await {
            return Ok(Answered::replay(answer));
        }
        if let Err(refusal) = self.check_partners(incoming.order.sale()).await? {
            return self.unless_answered(&incoming.key, refusal, 201).await;
        }
        if let Err(refusal) = self.find_method(&incoming.caller, &mut incoming.order).await? {
            return self.unless_answered(&incoming.key, refusal, 201).await;
        }
        match incoming.order.connector {
            _ if is_async => self.request(incoming).await,
            Some(ConnectorName::External) => {
                let recorder = Recorder(self.clone());
                self.0.recorder.wait(&recorder, incoming).await?
            }
            Some(ConnectorName::Simulator | ConnectorName::Stripe) | None => self.accept(incoming).await,
        }
    }

    async fn check_partners(&self, sale: Sale<'_>) -> Result<Result<(), Error>, Error> {
        let mut verdicts = self.0.partners.check(&[sale]).await?;
        Ok(verdicts.pop().unwrap_or(Ok(())))
    }

    /// What is refused today may have been done yesterday: then its answer counts, or, where the first request died
    /// before it gave one, what became of the payment that it had made or changed. Only a key that did nothing is
    /// refused. `done` is the status of an answer where all went well.
    async fn unless_answered(
        &self,
        key: &KeyedRequest,
        refusal: Error,
        done: u16,
    ) -> Result<Answered, Error> {
        match self.begin_keyed(key, self.now(), done).await? {
            Begun::New(work, _) => {
                // The claim is undone: the caller may send a mended request under its key.
                work.roll_back().await?;
                Err(refusal)
            }
            Begun::Told(answered) => Ok(answered),
        }
    }

    /// Claims `key`, or tells what it led to before: the kept answer, or, where the first request died before it gave
    /// one, what became of the payment that it had made. `done` is the status of that one's answer if all went well.
    async fn begin_keyed(&self, key: &KeyedRequest, now: DateTime<Utc>, done: u16) -> Result<Begun, Error> {
        let mut work = self.0.outbox.begin().await?;
        let granted = match once::claim(work.conn(), key, now, self.lease()).await? {
            Claim::Granted(granted) => granted,
            other => return settled(other).map(Begun::Told),
        };
        let Some(subject) = &granted.subject else {
            return Ok(Begun::New(work, granted));
        };
        work.commit().await?;
        self.recover(key, &granted, subject, done).await.map(Begun::Told)
    }

    /// The time in microseconds, as the database keeps it: an answer reads the same before and after it was stored.
    fn now(&self) -> DateTime<Utc> {
        self.0.clock.now().trunc_subsecs(6)
    }

    /// Shows which connectors answer.
    pub fn measure_connectors(&self) {
        self.0.connectors.measure();
    }

    /// How long a claim, or an operation, belongs to whoever took it.
    fn lease(&self) -> Duration {
        self.0.connectors.deadline() + LEASE_MARGIN
    }
}

/// What waits to be done together.
pub struct Queues {
    record: Groups<Recorder>,
    open: Groups<Opener>,
    close: Groups<Closer>,
}

/// What a key leads to.
enum Begun {
    /// Nothing was done under it: it is claimed in this transaction.
    New(Work, Granted),
    /// This was.
    Told(Answered),
}

/// What a claim that was not granted leads to.
fn settled(claim: Claim) -> Result<Answered, Error> {
    match claim {
        Claim::Answered(answer) => Ok(Answered::replay(answer)),
        Claim::Reused => Err(Error::KeyReused),
        Claim::Running | Claim::Granted(_) => Err(Error::KeyRunning),
    }
}

/// The answer that tells of `payment`: `done` where its outcome is known, 202 where it is still to come.
fn answer_of(payment: &Payment, done: u16) -> Result<Answer, Error> {
    let status = if payment.status.is_settled() { done } else { 202 };
    Ok(Answer {
        status,
        body: serde_json::to_vec(&PaymentView::from(payment))?,
        subject: Some(payment.id.to_string()),
    })
}

/// Keeps an answer under its claim. Where another copy took the claim over, nothing of this work may stay.
async fn keep(work: &mut Work, granted: &Granted, answer: &Answer) -> Result<(), Error> {
    if once::answer(work.conn(), granted, answer).await? {
        Ok(())
    } else {
        Err(Error::KeyRunning)
    }
}

/// The pause before the `time`th try after the first: it doubles from `first_ms` up to `longest_ms`.
fn pause(time: u32, first_ms: i64, longest_ms: i64) -> TimeDelta {
    let doublings = time.saturating_sub(1).min(16);
    TimeDelta::milliseconds((first_ms << doublings).min(longest_ms))
}

fn count(payment: &Payment) {
    let labels = [
        ("status", payment.status.as_str()),
        ("connector", payment.connector.as_str()),
    ];
    metrics::counter!("jeongsan_payments_total", &labels).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        for (time, expected_ms) in [
            (0, 250),
            (1, 250),
            (2, 500),
            (5, 4_000),
            (9, 60_000),
            (u32::MAX, 60_000),
        ] {
            assert_eq!(pause(time, 250, 60_000).num_milliseconds(), expected_ms, "{time}");
        }
    }
}
