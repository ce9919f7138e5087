//! Kafka between outboxes and consumers.

use std::sync::Arc;

use bus::{Broker, EventLog, Feed};
use chassis::Transport;

use crate::log::KafkaLog;
use crate::options::Options;
use crate::producer::Producer;

/// Kafka, for all services of a process. Nothing is connected before something is read or published.
pub struct KafkaTransport {
    options: Options,
    producer: Arc<Producer>,
}

impl KafkaTransport {
    /// The cluster of these options.
    pub fn new(options: Options) -> Self {
        Self {
            producer: Producer::new(options.clone()),
            options,
        }
    }
}

impl Transport for KafkaTransport {
    fn log(&self, service: &'static str, feed: Arc<dyn Feed>) -> Arc<dyn EventLog> {
        Arc::new(KafkaLog::new(self.options.clone(), service, feed))
    }

    fn broker(&self, _: &'static str) -> Arc<dyn Broker> {
        Arc::<Producer>::clone(&self.producer)
    }
}
