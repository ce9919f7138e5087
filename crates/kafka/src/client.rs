//! The client library's producer, as it is configured and got rid of.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use tokio::time::Instant;

use crate::admin::MAX_MESSAGE_BYTES;
use crate::flight::{Deliveries, Flight};
use crate::options::Options;
use crate::reporter::Reporter;

/// How long it tries to get a record acknowledged, in order, before the relay hears of it.
pub(crate) const DELIVERY: Duration = Duration::from_secs(30);

/// A message, and the flight that it belongs to.
pub(crate) type Message<'a> = BaseRecord<'a, str, str, Arc<Flight>>;

/// Idempotent, and with the acknowledgement of every broker that is in step.
pub(crate) struct Client {
    /// None while it is dropped.
    producer: Option<ThreadedProducer<Deliveries>>,
    begun: Instant,
    is_given_up: AtomicBool,
}

impl Client {
    /// One that says to `reporter` how its connections are.
    pub(crate) fn new(options: &Options, reporter: Reporter) -> KafkaResult<Self> {
        let mut config = options.client();
        config
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "2")
            .set("compression.type", "lz4")
            .set("message.max.bytes", MAX_MESSAGE_BYTES)
            .set("delivery.timeout.ms", DELIVERY.as_millis().to_string())
            .set("queue.buffering.max.messages", "50000")
            .set("queue.buffering.max.kbytes", "131072");
        let producer = config.create_with_context(Deliveries(reporter))?;
        Ok(Self {
            producer: Some(producer),
            begun: Instant::now(),
            is_given_up: AtomicBool::default(),
        })
    }

    /// Whether one that fails may be at fault itself: it says so, or it has had the time to bring something home.
    pub(crate) fn is_worn(&self) -> bool {
        let fatal = self.producer.as_ref().and_then(|p| p.client().fatal_error());
        fatal.is_some() || self.begun.elapsed() >= DELIVERY
    }

    /// Has nobody wait for its end.
    pub(crate) fn give_up(&self) {
        self.is_given_up.store(true, Ordering::Relaxed);
    }

    /// Takes a message in, without waiting; or gives it back.
    pub(crate) fn send<'a>(&self, message: Message<'a>) -> Result<(), (KafkaError, Message<'a>)> {
        match &self.producer {
            Some(producer) => producer.send(message),
            None => Err((KafkaError::Canceled, message)),
        }
    }

    /// What the cluster says of a topic. Blocks for as long, at most.
    pub(crate) fn metadata(&self, topic: &str, within: Duration) -> KafkaResult<Metadata> {
        let producer = self.producer.as_ref().ok_or(KafkaError::Canceled)?;
        producer.client().fetch_metadata(Some(topic), within)
    }
}

/// What is not acknowledged by now is thrown away, and the library waits for its own threads. Those of one that was given
/// up may have a reason not to end, so that is waited for where nothing else is done, if there can be such a thread.
impl Drop for Client {
    fn drop(&mut self) {
        let producer = self.producer.take();
        if self.is_given_up.load(Ordering::Relaxed) {
            let ending = std::thread::Builder::new().name("kafka-ending".to_owned());
            if let Err(error) = ending.spawn(move || drop(producer)) {
                tracing::error!(error = %error, "no thread to end Kafka's client in");
            }
        }
    }
}
