//! What Kafka is given by a relay whose records are dropped, doubled, shuffled and spoilt on the way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{Broker, BusError, Feed, Heads, Mark, OutboxLog, Record, Sequenced};
use contracts::{Topic, envelope};
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::util::Timeout;

/// What was done, by kind.
#[derive(Debug, Default)]
pub struct Done {
    pub dropped: AtomicUsize,
    /// Of those, the last events of their aggregates.
    pub dropped_last: AtomicUsize,
    pub dropped_marks: AtomicUsize,
    pub doubled: AtomicUsize,
    pub spoilt: AtomicUsize,
}

/// Between a relay and Kafka.
pub struct Chaos {
    kafka: Arc<dyn Broker>,
    /// For what is no record of ours.
    raw: FutureProducer,
    prefix: String,
    /// The number of the last event of each aggregate.
    last: i64,
    dice: Mutex<StdRng>,
    pub done: Done,
}

impl Chaos {
    pub fn new(kafka: Arc<dyn Broker>, bootstrap: &str, prefix: &str, last: i64, seed: u64) -> Arc<Self> {
        let raw = ClientConfig::new().set("bootstrap.servers", bootstrap).create();
        Arc::new(Self {
            kafka,
            raw: raw.unwrap(),
            prefix: prefix.to_owned(),
            last,
            dice: Mutex::new(StdRng::seed_from_u64(seed)),
            done: Done::default(),
        })
    }

    fn throw(&self, probability: f64) -> bool {
        self.dice.lock().unwrap().random_bool(probability)
    }

    /// What becomes of a batch: the records that arrive, in the order in which they do, and those that arrive spoilt.
    fn mangle(&self, records: &[Sequenced]) -> (Vec<Sequenced>, Vec<Sequenced>) {
        let (mut arriving, mut spoilt) = (Vec::new(), Vec::new());
        for sequenced in records {
            if self.throw(0.01) {
                self.done.dropped.fetch_add(1, Ordering::Relaxed);
                let is_last = usize::from(sequenced.record.number == self.last);
                self.done.dropped_last.fetch_add(is_last, Ordering::Relaxed);
                continue;
            }
            if self.throw(0.001) {
                self.done.spoilt.fetch_add(1, Ordering::Relaxed);
                spoilt.push(sequenced.clone());
                continue;
            }
            arriving.push(sequenced.clone());
            if self.throw(0.2) {
                self.done.doubled.fetch_add(1, Ordering::Relaxed);
                arriving.push(sequenced.clone());
            }
        }
        arriving.shuffle(&mut *self.dice.lock().unwrap());
        (arriving, spoilt)
    }

    /// Sends a record with a body that is no JSON, or without the header that has its number.
    async fn spoil(&self, sequenced: &Sequenced) {
        let record = &sequenced.record;
        let topic = format!("{}{}", self.prefix, record.topic);
        let is_body = self.throw(0.5);
        let sequence = record.cursor.sequence().unwrap().to_string();
        let mut attributes = vec![
            (envelope::CE_TYPE, record.topic.event_type()),
            (envelope::CE_SUBJECT, record.aggregate.clone()),
            (envelope::CE_ID, record.event_id.to_string()),
            (envelope::CE_TIME, record.occurred_at.to_rfc3339()),
            (envelope::CE_TRACEPARENT, record.trace_parent.clone()),
            (envelope::CE_AGGREGATEVERSION, record.number.to_string()),
        ];
        if is_body {
            attributes.push((envelope::CE_SEQUENCE, sequence));
        }
        let headers = attributes
            .iter()
            .fold(OwnedHeaders::new(), |headers, (key, value)| {
                headers.insert(Header {
                    key,
                    value: Some(value),
                })
            });
        let body: &[u8] = if is_body {
            b"{\"payment_id\": \xff"
        } else {
            record.payload.get().as_bytes()
        };
        let message = FutureRecord::to(&topic)
            .partition(sequenced.partition)
            .key(&record.aggregate)
            .headers(headers)
            .payload(body);
        self.raw.send(message, Timeout::Never).await.unwrap();
    }
}

#[async_trait]
impl Broker for Chaos {
    async fn partitions(&self, topic: Topic) -> Result<i32, BusError> {
        self.kafka.partitions(topic).await
    }

    async fn publish(&self, records: &[Sequenced]) -> Result<(), BusError> {
        let (arriving, spoilt) = self.mangle(records);
        for sequenced in &spoilt {
            self.spoil(sequenced).await;
        }
        self.kafka.publish(&arriving).await
    }

    async fn mark(&self, marks: &[Mark]) -> Result<(), BusError> {
        // They are few, so that chance alone might drop none in a whole run: the first ones never arrive.
        let is_first = self.done.dropped_marks.load(Ordering::Relaxed) == 0;
        let (dropped, arriving): (Vec<Mark>, Vec<Mark>) =
            marks.iter().partition(|_| is_first || self.throw(0.25));
        self.done
            .dropped_marks
            .fetch_add(dropped.len(), Ordering::Relaxed);
        self.kafka.mark(&arriving).await
    }
}

/// The publisher's own view, which counts what is fetched from it.
pub struct Counted {
    pub outbox: OutboxLog,
    pub fetched: AtomicUsize,
}

#[async_trait]
impl Feed for Counted {
    async fn sequenced(
        &self,
        topic: Topic,
        partition: i32,
        after: i64,
        limit: u16,
    ) -> Result<Vec<Record>, BusError> {
        let records = self.outbox.sequenced(topic, partition, after, limit).await?;
        self.fetched.fetch_add(records.len(), Ordering::Relaxed);
        Ok(records)
    }

    async fn heads(&self, topic: Topic) -> Result<Heads, BusError> {
        self.outbox.heads(topic).await
    }
}
