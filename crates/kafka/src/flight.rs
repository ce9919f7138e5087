//! Messages that are on their way together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tokio::sync::Notify;
use tokio::time::timeout;

use crate::reporter::Reporter;

/// Why messages may not be safe.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// What became of one of them.
    #[error(transparent)]
    Failed(#[from] KafkaError),
    /// The client never said.
    #[error("Kafka's client does not say what became of {0} messages")]
    Silent(usize),
    /// The client took none.
    #[error("Kafka's client has no room for a message, and makes none")]
    Full,
}

/// Messages whose fate is asked for once: all are safe, or one is not.
#[derive(Debug)]
pub(crate) struct Flight {
    /// How many are under way; and one for whoever still sends some off.
    aloft: AtomicUsize,
    /// What became of one that did not arrive.
    fault: Mutex<Option<KafkaError>>,
    is_down: Notify,
}

impl Flight {
    /// One without messages.
    pub(crate) fn begin() -> Arc<Self> {
        Arc::new(Self {
            aloft: AtomicUsize::new(1),
            fault: Mutex::default(),
            is_down: Notify::new(),
        })
    }

    /// Counts a message that is sent off. The client says once what became of it.
    pub(crate) fn took_off(&self) {
        self.aloft.fetch_add(1, Ordering::Relaxed);
    }

    /// Returns when the fate of all is known, or was not told `within` that time. Asked once, after the last was sent
    /// off.
    ///
    /// # Errors
    /// [`Lost`], where one is not known to be safe.
    pub(crate) async fn landed(&self, within: Duration) -> Result<(), Lost> {
        self.one_less();
        if timeout(within, self.is_down.notified()).await.is_err() {
            return Err(Lost::Silent(self.aloft.load(Ordering::Relaxed)));
        }
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take().map_or(Ok(()), |fault| Err(fault.into()))
    }

    fn arrived(&self, fault: Option<KafkaError>) {
        if fault.is_some() {
            *self.fault.lock().unwrap_or_else(PoisonError::into_inner) = fault;
        }
        self.one_less();
    }

    fn one_less(&self) {
        // The last one sees what the others have written.
        if self.aloft.fetch_sub(1, Ordering::AcqRel) == 1 {
            self.is_down.notify_one();
        }
    }
}

/// Hears from the client what became of messages, and of its connections.
pub(crate) struct Deliveries(pub(crate) Reporter);

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.0.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.0.error(error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Arc<Flight>;

    fn delivery(&self, result: &DeliveryResult<'_>, flight: Arc<Flight>) {
        flight.arrived(result.as_ref().err().map(|(error, _)| error.clone()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rdkafka::error::RDKafkaErrorCode;

    const WITHIN: Duration = Duration::from_secs(9);

    /// How a flight of two messages ends whose fates are told.
    async fn ends(fates: &[Option<KafkaError>]) -> Result<(), Lost> {
        let flight = Flight::begin();
        flight.took_off();
        flight.took_off();
        for fate in fates {
            flight.arrived(fate.clone());
        }
        flight.landed(WITHIN).await
    }

    #[tokio::test(start_paused = true)]
    async fn it_lands_when_all_have_arrived() {
        ends(&[None, None]).await.unwrap();
        let fault = KafkaError::MessageProduction(RDKafkaErrorCode::MessageTimedOut);
        for fates in [[Some(fault.clone()), None], [None, Some(fault)]] {
            assert!(matches!(ends(&fates).await, Err(Lost::Failed(_))));
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_hears_of_the_last() {
        let flight = Flight::begin();
        flight.took_off();
        let arriving = async {
            tokio::time::sleep(WITHIN / 2).await;
            flight.arrived(None);
        };
        let (landed, ()) = tokio::join!(flight.landed(WITHIN), arriving);
        landed.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_never_told_of_one_is_not_kept_waiting_for_ever() {
        assert!(matches!(ends(&[None]).await, Err(Lost::Silent(1))));
        assert!(matches!(ends(&[]).await, Err(Lost::Silent(2))));
    }
}
