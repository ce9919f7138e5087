//! The lanes of a service, as its consumers read them.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bus::{BusError, Cursor, EventLog, Feed, Lag, Places, Reader, Record};
use contracts::{Topic, topics};

use crate::group::Group;
use crate::lane::Next;
use crate::options::Options;

/// Records fetched from a publisher in one step at most.
const FETCHED: i64 = 500;

/// What one copy of a service reads from Kafka. It joins the group of the service when something is read first.
pub(crate) struct KafkaLog {
    options: Options,
    service: &'static str,
    feed: Arc<dyn Feed>,
    group: OnceLock<Arc<Group>>,
}

impl KafkaLog {
    pub(crate) fn new(options: Options, service: &'static str, feed: Arc<dyn Feed>) -> Self {
        Self {
            options,
            service,
            feed,
            group: OnceLock::new(),
        }
    }

    /// The member of the group: one for all topics of the service.
    fn group(&self) -> Arc<Group> {
        let join = || {
            let all = topics::ALL.iter().copied();
            let own = all.filter(|topic| topic.consumers.contains(&self.service));
            Arc::new(Group::join(self.options.clone(), self.service, own.collect()))
        };
        Arc::clone(self.group.get_or_init(join))
    }
}

#[async_trait]
impl EventLog for KafkaLog {
    fn name(&self) -> &'static str {
        "kafka"
    }

    fn reader(&self, topic: Topic) -> Box<dyn Reader> {
        Box::new(KafkaReader {
            group: self.group(),
            feed: Arc::clone(&self.feed),
            topic,
        })
    }

    /// Counted where the events come from: what no relay has published yet is behind, too.
    async fn lag(&self, topic: Topic, places: &Places) -> Result<Lag, BusError> {
        self.feed.heads(topic).await?.behind(topic, places)
    }

    async fn close(&self) {
        if let Some(group) = self.group.get() {
            group.leave().await;
        }
    }
}

struct KafkaReader {
    group: Arc<Group>,
    feed: Arc<dyn Feed>,
    topic: Topic,
}

#[async_trait]
impl Reader for KafkaReader {
    fn partitions(&self) -> Vec<i32> {
        self.group.lanes.partitions(self.topic)
    }

    async fn read(&self, partition: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        let sequence = after.sequence()?;
        match self
            .group
            .lanes
            .next((self.topic, partition), sequence, limit.into())
        {
            Next::Nothing => Ok(Vec::new()),
            Next::Records(records) => Ok(records),
            Next::Missing(count) => self.fetch(partition, sequence, count.min(limit.into())).await,
        }
    }

    async fn changed(&self, within: Duration) -> bool {
        tokio::time::timeout(within, self.group.lanes.news(self.topic))
            .await
            .is_ok()
    }

    async fn published(&self, partition: i32, record: &Record) -> Result<Option<Record>, BusError> {
        let before = record.cursor.sequence()?.saturating_sub(1);
        Ok(self.fetch(partition, before, 1).await?.pop())
    }

    async fn restart(&self) {
        self.group.restart();
    }
}

impl KafkaReader {
    /// Fetches what Kafka lost from where it came from. Never less than what is missing first: nothing is passed over.
    async fn fetch(&self, partition: i32, after: i64, count: i64) -> Result<Vec<Record>, BusError> {
        let limit = u16::try_from(count.min(FETCHED)).unwrap_or(u16::MAX);
        let records = self.feed.sequenced(self.topic, partition, after, limit).await?;
        let contiguous = records
            .iter()
            .zip(after.saturating_add(1)..)
            .all(|(record, expected)| {
                record
                    .cursor
                    .sequence()
                    .is_ok_and(|sequence| sequence == expected)
            });
        if records.is_empty() || !contiguous {
            return Err(BusError::Broker(format!(
                "record {} of {} in partition {partition} is neither in Kafka nor in the outbox of {}",
                after.saturating_add(1),
                self.topic,
                self.topic.producer
            )));
        }
        let healed = u64::try_from(records.len()).unwrap_or(u64::MAX);
        metrics::counter!("jeongsan_consumer_healed_total", "topic" => self.topic.name).increment(healed);
        tracing::info!(
            topic = self.topic.name,
            partition,
            after,
            healed,
            "records that Kafka did not deliver were fetched from their publisher"
        );
        Ok(records)
    }
}
