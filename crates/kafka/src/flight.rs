//! Messages that are on their way together.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::KafkaError;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tokio::sync::Notify;

use crate::reporter::Reporter;

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

    /// Returns when the fate of all is known. Asked once, after the last was sent off.
    ///
    /// # Errors
    /// What became of one that is not known to be safe.
    pub(crate) async fn landed(&self) -> Result<(), KafkaError> {
        self.one_less();
        self.is_down.notified().await;
        let mut fault = self.fault.lock().unwrap_or_else(PoisonError::into_inner);
        fault.take().map_or(Ok(()), Err)
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
