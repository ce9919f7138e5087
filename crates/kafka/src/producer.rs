//! Appends: idempotent, and acknowledged by every broker that is in step.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bus::{Broker, BusError, Mark, Sequenced};
use chassis::{Clock as _, SystemClock};
use contracts::Topic;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::OwnedHeaders;
use rdkafka::producer::{BaseRecord, Producer as _, ThreadedProducer};
use uuid::Uuid;

use crate::admin::{self, MAX_MESSAGE_BYTES};
use crate::envelope;
use crate::flight::{Deliveries, Flight};
use crate::options::Options;
use crate::reporter::Reporter;

/// How long the client tries to get a record acknowledged, in order, before the relay hears of it.
const DELIVERY_MS: &str = "60000";
/// How long a full queue is waited for before it is looked at again.
const QUEUE_PAUSE: Duration = Duration::from_millis(5);

/// The client library's producer.
pub(crate) type Client = ThreadedProducer<Deliveries>;

/// Kafka, as relays append to it. One for all services of a process.
pub(crate) struct Producer {
    options: Options,
    /// None before the first use, and after an error that a client does not survive.
    client: Mutex<Option<Arc<Client>>>,
    reporter: Reporter,
    partitions: Mutex<HashMap<Topic, i32>>,
}

impl Producer {
    pub(crate) fn new(options: Options) -> Arc<Self> {
        Arc::new(Self {
            options,
            client: Mutex::default(),
            reporter: Reporter::default(),
            partitions: Mutex::default(),
        })
    }

    fn client(&self) -> Result<Arc<Client>, BusError> {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = kept.as_ref()
            && client.client().fatal_error().is_none()
        {
            return Ok(Arc::clone(client));
        }
        let client: Client = self
            .options
            .client()
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("linger.ms", "2")
            .set("compression.type", "lz4")
            .set("message.max.bytes", MAX_MESSAGE_BYTES)
            .set("delivery.timeout.ms", DELIVERY_MS)
            .set("queue.buffering.max.messages", "50000")
            .set("queue.buffering.max.kbytes", "131072")
            .create_with_context(Deliveries(self.reporter.clone()))
            .map_err(|e| BusError::Broker(e.to_string()))?;
        Ok(Arc::clone(kept.insert(Arc::new(client))))
    }

    /// Hands one message to the client, behind those that were handed over before.
    async fn enqueue(
        &self,
        client: &Client,
        flight: &Arc<Flight>,
        topic: &str,
        partition: i32,
        key: Option<&str>,
        (headers, body): (OwnedHeaders, &str),
    ) -> Result<(), BusError> {
        let mut record = BaseRecord::with_opaque_to(topic, Arc::clone(flight))
            .partition(partition)
            .payload(body)
            .headers(headers);
        if let Some(key) = key {
            record = record.key(key);
        }
        flight.took_off();
        loop {
            match client.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    record = again;
                    tokio::time::sleep(QUEUE_PAUSE).await;
                }
                Err((error, _)) => return Err(self.fault(&error)),
            }
        }
    }

    async fn landed(&self, flight: &Flight) -> Result<(), BusError> {
        flight.landed().await.map_err(|error| self.fault(&error))
    }

    fn fault(&self, error: &KafkaError) -> BusError {
        BusError::Broker(format!("{error}{}", self.reporter.because()))
    }
}

#[async_trait]
impl Broker for Producer {
    async fn partitions(&self, topic: Topic) -> Result<i32, BusError> {
        let known = |this: &Self| {
            let kept = this.partitions.lock().unwrap_or_else(PoisonError::into_inner);
            kept.get(&topic).copied()
        };
        if let Some(count) = known(self) {
            return Ok(count);
        }
        let count = admin::partitions(&self.options, &self.client()?, &self.reporter, topic).await?;
        let mut kept = self.partitions.lock().unwrap_or_else(PoisonError::into_inner);
        kept.insert(topic, count);
        Ok(count)
    }

    async fn publish(&self, records: &[Sequenced]) -> Result<(), BusError> {
        let client = self.client()?;
        let flight = Flight::begin();
        for sequenced in records {
            let record = &sequenced.record;
            let topic = self.options.topic(record.topic);
            let (key, body) = (record.aggregate.as_str(), record.payload.get());
            let message = (envelope::headers(sequenced), body);
            self.enqueue(&client, &flight, &topic, sequenced.partition, Some(key), message)
                .await?;
        }
        self.landed(&flight).await
    }

    async fn mark(&self, marks: &[Mark]) -> Result<(), BusError> {
        let client = self.client()?;
        let flight = Flight::begin();
        for mark in marks {
            let id = Uuid::now_v7().to_string();
            let (headers, body) = envelope::watermark(mark.topic, mark.sequence, &id, SystemClock.now());
            let topic = self.options.topic(mark.topic);
            self.enqueue(&client, &flight, &topic, mark.partition, None, (headers, &body))
                .await?;
        }
        self.landed(&flight).await
    }
}
