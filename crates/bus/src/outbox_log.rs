//! The log as it stands in the publishing service's own database.

use std::time::Duration;

use async_trait::async_trait;
use contracts::Topic;

use crate::feed::{Feed, Heads};
use crate::log::{EventLog, Lag, Places, Reader};
use crate::record::{Cursor, Record};
use crate::work::Outbox;
use crate::{BusError, outbox, placements};

/// What logs are called whose places are those of an outbox.
pub const OUTBOX: &str = "outbox";

/// The log of one outbox. It has one partition.
#[derive(Debug, Clone)]
pub struct OutboxLog {
    outbox: Outbox,
}

impl OutboxLog {
    /// Reads that outbox.
    pub fn new(outbox: Outbox) -> Self {
        Self { outbox }
    }

    /// At most `limit` records of `topic` after `after`, in log order.
    ///
    /// # Errors
    /// [`BusError`]: the database, or a place that is not one of this log.
    pub async fn read(&self, topic: Topic, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        outbox::read(self.outbox.db().pool(), topic, after, limit.into()).await
    }

    /// How many records are committed after `after`.
    ///
    /// # Errors
    /// As [`OutboxLog::read`].
    pub async fn count_after(&self, topic: Topic, after: &Cursor) -> Result<i64, BusError> {
        outbox::count_after(self.outbox.db().pool(), topic, after).await
    }

    /// As [`Reader::changed`] of a reader of `topic`.
    pub async fn changed(&self, topic: Topic, within: Duration) -> bool {
        let mut woken = self.outbox.subscribe_to(topic);
        matches!(tokio::time::timeout(within, woken.changed()).await, Ok(Ok(())))
    }
}

#[async_trait]
impl EventLog for OutboxLog {
    fn name(&self) -> &'static str {
        OUTBOX
    }

    fn reader(&self, topic: Topic) -> Box<dyn Reader> {
        Box::new(OutboxReader {
            log: self.clone(),
            topic,
        })
    }

    async fn lag(&self, topic: Topic, places: &Places) -> Result<Lag, BusError> {
        let start = Cursor::start();
        let behind = self.count_after(topic, places.get(&0).unwrap_or(&start)).await?;
        Ok(Lag::in_one_partition(behind))
    }
}

#[async_trait]
impl Feed for OutboxLog {
    async fn sequenced(
        &self,
        topic: Topic,
        partition: i32,
        after: i64,
        limit: u16,
    ) -> Result<Vec<Record>, BusError> {
        placements::read(self.outbox.db().pool(), topic, partition, after, limit.into()).await
    }

    async fn heads(&self, topic: Topic) -> Result<Heads, BusError> {
        placements::heads(self.outbox.db().pool(), topic).await
    }
}

struct OutboxReader {
    log: OutboxLog,
    topic: Topic,
}

#[async_trait]
impl Reader for OutboxReader {
    fn partitions(&self) -> Vec<i32> {
        vec![0]
    }

    async fn read(&self, _: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        self.log.read(self.topic, after, limit).await
    }

    async fn changed(&self, within: Duration) -> bool {
        self.log.changed(self.topic, within).await
    }
}
