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
use rdkafka::producer::BaseRecord;
use tokio::time::Instant;
use uuid::Uuid;

use crate::admin;
use crate::client::{Client, DELIVERY};
use crate::envelope;
use crate::flight::{Flight, Lost};
use crate::options::Options;
use crate::reporter::Reporter;

/// How long a full queue is waited for before it is looked at again.
const QUEUE_PAUSE: Duration = Duration::from_millis(5);
/// After so long without word of a message the client is not believed to give any: it should have within [`DELIVERY`].
const SILENCE: Duration = DELIVERY.saturating_add(Duration::from_secs(5));

/// Kafka, as relays append to it. One for all services of a process.
pub(crate) struct Producer {
    options: Options,
    /// None before the first use, and after something failed through one that was not new: what it takes the cluster
    /// for may be wrong for good.
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
        if let Some(client) = kept.as_ref() {
            return Ok(Arc::clone(client));
        }
        let client = Client::new(&self.options, self.reporter.clone());
        let client = client.map_err(|e| BusError::Broker(e.to_string()))?;
        Ok(Arc::clone(kept.insert(Arc::new(client))))
    }

    /// Has the next records go through a new client, unless this one is so new that it is hardly at fault. Whoever still
    /// waits for it keeps it until then.
    fn failed(&self, client: &Arc<Client>) {
        let mut kept = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        if client.is_worn() && kept.take_if(|kept| Arc::ptr_eq(kept, client)).is_some() {
            client.give_up();
        }
    }

    /// Hands one message to the client, behind those that were handed over before.
    async fn enqueue(
        &self,
        client: &Arc<Client>,
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
        let begun = Instant::now();
        loop {
            match client.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), again)) => {
                    if begun.elapsed() >= SILENCE {
                        return Err(self.lost(client, &Lost::Full));
                    }
                    record = again;
                    tokio::time::sleep(QUEUE_PAUSE).await;
                }
                Err((error, _)) => return Err(self.lost(client, &error.into())),
            }
        }
    }

    async fn landed(&self, client: &Arc<Client>, flight: &Flight) -> Result<(), BusError> {
        let landed = flight.landed(SILENCE).await;
        landed.map_err(|lost| self.lost(client, &lost))
    }

    fn lost(&self, client: &Arc<Client>, lost: &Lost) -> BusError {
        self.failed(client);
        BusError::Broker(format!("{lost}{}", self.reporter.because()))
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
        let client = self.client()?;
        let count = admin::partitions(&self.options, &client, &self.reporter, topic).await;
        let count = count.inspect_err(|_| self.failed(&client))?;
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
        self.landed(&client, &flight).await
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
        self.landed(&client, &flight).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lane::tests::record;
    use crate::options::tests::options;

    /// Of a cluster that does not answer.
    fn producer() -> Arc<Producer> {
        let flags = [("events.transport", "kafka"), ("kafka.brokers", "127.0.0.1:1")];
        Producer::new(options(&flags).unwrap().unwrap())
    }

    fn records() -> Vec<Sequenced> {
        let sequenced = (1..=3).map(|sequence| Sequenced {
            partition: 0,
            record: record(sequence),
        });
        sequenced.collect()
    }

    // The time that the client says nothing passes at once: the clock that it goes by is another.
    #[tokio::test(start_paused = true)]
    async fn a_client_that_is_silent_is_replaced() {
        let producer = producer();
        let silent = producer.client().unwrap();
        let error = producer.publish(&records()).await.unwrap_err().to_string();
        assert!(error.contains("what became of 3 messages"), "{error}");
        assert!(!Arc::ptr_eq(&silent, &producer.client().unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_has_no_room_is_replaced() {
        let producer = producer();
        let full = producer.client().unwrap();
        let flight = Flight::begin();
        let message = || BaseRecord::with_opaque_to("t", Arc::clone(&flight));
        while full.send(message().key("k").payload("p").partition(0)).is_ok() {}
        let sent = producer.enqueue(&full, &flight, "t", 0, None, (OwnedHeaders::new(), "p"));
        let error = sent.await.unwrap_err().to_string();
        assert!(error.contains("no room"), "{error}");
        assert!(!Arc::ptr_eq(&full, &producer.client().unwrap()));
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_client_that_had_its_time_is_replaced_and_once() {
        let producer = producer();
        let failing = producer.client().unwrap();
        producer.failed(&failing);
        assert!(Arc::ptr_eq(&failing, &producer.client().unwrap()));
        tokio::time::advance(DELIVERY).await;
        producer.failed(&failing);
        let next = producer.client().unwrap();
        assert!(!Arc::ptr_eq(&failing, &next));
        tokio::time::advance(DELIVERY).await;
        producer.failed(&failing);
        assert!(Arc::ptr_eq(&next, &producer.client().unwrap()));
    }
}
