//! The relay: takes what stands in the outbox into the partitions of a broker.
//!
//! One copy of a service acts, under a [`lease::Lease`]. Each batch is first put into partitions, and numbered there
//! without gaps, in a transaction that checks the lease; only then is it sent. So whatever happens, a record has one
//! place for ever: sending it twice, or by a copy that was paused and has been succeeded, changes nothing for a
//! reader who goes by the numbers. And a reader who misses a number can fetch it from where it came from.
//!
//! Batch n + 1 is numbered while batch n is on its way.

use std::sync::Arc;
use std::time::Duration;

use contracts::Topic;
use lease::{LeaseError, Term};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::BusError;
use crate::broker::{Broker, Sequenced};
use crate::numbering::{BATCH, Numbering};
use crate::wake::Wake;
use crate::work::Outbox;

/// After fewer events than these a relay waits for a moment, so that more come together:
const FEW: usize = 100;
/// one transaction for ten costs little more than one for one.
const GATHER: Duration = Duration::from_millis(10);
/// How long an idle relay waits for somebody to wake it before it looks by itself.
const NAP: Duration = Duration::from_millis(500);
/// The longest pause after a failure.
const MAX_BACK_OFF: Duration = Duration::from_secs(5);

/// Publishes the outbox of one service.
pub struct Relay {
    outbox: Outbox,
    broker: Arc<dyn Broker>,
    /// The topics of the service.
    topics: Vec<Topic>,
}

impl Relay {
    /// A relay of what `service` publishes.
    pub fn new(service: &str, outbox: Outbox, broker: Arc<dyn Broker>) -> Self {
        let topics = contracts::topics::ALL.iter().copied();
        Self {
            outbox,
            broker,
            topics: topics.filter(|topic| topic.producer == service).collect(),
        }
    }

    /// Publishes until `stop` or until the term is over; what fails is tried again.
    pub async fn run(&self, term: Term, stop: CancellationToken) {
        let mut failures: u32 = 0;
        while !stop.is_cancelled() {
            let Err(error) = self.serve(&term, &stop, &mut failures).await else {
                return;
            };
            failures = failures.saturating_add(1);
            report(&error, failures);
            if matches!(error, BusError::Lease(LeaseError::Deposed { .. })) {
                return;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(50 << failures.min(7)).min(MAX_BACK_OFF)) => {}
            }
        }
    }

    async fn serve(&self, term: &Term, stop: &CancellationToken, failures: &mut u32) -> Result<(), BusError> {
        let mut numbering = Numbering::resume(&self.outbox, self.broker.as_ref(), &self.topics, term).await?;
        let mut wake = Wake::new(&self.outbox).await;
        let mut waiting = Arc::<Vec<Sequenced>>::default();
        loop {
            let sending = publish(Arc::clone(&self.broker), Arc::clone(&waiting));
            let next = self.next(term, &mut numbering, stop.is_cancelled()).await;
            sending
                .await
                .map_err(|gone| BusError::Broker(gone.to_string()))??;
            let next = next?;
            *failures = 0;
            numbering.was_published(&waiting);
            let is_idle = next.is_empty() && numbering.is_noted();
            waiting = Arc::new(next);
            self.mark(&mut numbering, is_idle).await;
            if is_idle && stop.is_cancelled() {
                return Ok(());
            }
            if is_idle {
                tokio::select! {
                    () = stop.cancelled() => {}
                    () = wake.rung() => {}
                    () = tokio::time::sleep(NAP) => {}
                }
            } else if waiting.len() < FEW && !stop.is_cancelled() {
                // There is no hurry to number what comes next: send these at once, and let some gather.
                sent(publish(Arc::clone(&self.broker), Arc::clone(&waiting))).await?;
                numbering.was_published(&waiting);
                waiting = Arc::default();
                tokio::time::sleep(GATHER).await;
            }
        }
    }

    /// The records that are to be sent next; notes what has become of those before. While terms before this one left
    /// some unsent, no others get a place: what is on its way stays bounded. Asked to stop, it takes in nothing.
    async fn next(
        &self,
        term: &Term,
        numbering: &mut Numbering,
        is_last: bool,
    ) -> Result<Vec<Sequenced>, BusError> {
        let owes = numbering.owes();
        let limit = if is_last || owes { 0 } else { BATCH };
        let fresh = numbering.advance(&self.outbox, term, limit).await?;
        if owes && !is_last {
            return numbering.owed(&self.outbox).await;
        }
        Ok(fresh)
    }

    /// Says how far each partition goes, so that its readers see what they miss at its end. It is said again; whoever
    /// does not hear it is told later.
    async fn mark(&self, numbering: &mut Numbering, is_idle: bool) {
        let marks = numbering.marks(is_idle);
        if marks.is_empty() {
            return;
        }
        if let Err(error) = self.broker.mark(&marks).await {
            metrics::counter!("jeongsan_relay_failures_total").increment(1);
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the ends of partitions could not be published");
        }
    }
}

async fn sent(sending: Sending) -> Result<(), BusError> {
    sending.await.map_err(|gone| BusError::Broker(gone.to_string()))?
}

/// Records on their way; given up, they may arrive all the same.
type Sending = AbortOnDropHandle<Result<(), BusError>>;

/// Sends records, in a task of its own: to hand so many to a client keeps a thread busy.
fn publish(broker: Arc<dyn Broker>, records: Arc<Vec<Sequenced>>) -> Sending {
    AbortOnDropHandle::new(tokio::spawn(async move {
        if records.is_empty() {
            return Ok(());
        }
        broker.publish(&records).await?;
        metrics::counter!("jeongsan_relay_events_total")
            .increment(u64::try_from(records.len()).unwrap_or(u64::MAX));
        Ok(())
    }))
}

fn report(error: &BusError, failures: u32) {
    metrics::counter!("jeongsan_relay_failures_total").increment(1);
    let error: &dyn std::error::Error = error;
    tracing::warn!(
        error,
        failures,
        "events could not be published; they are kept and tried again"
    );
}
