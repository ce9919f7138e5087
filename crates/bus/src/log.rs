//! Reading the log: the border behind which an outbox, a neighbour's feed or a broker stands.

use std::time::Duration;

use async_trait::async_trait;
use contracts::Topic;

use crate::record::{Cursor, Record};
use crate::work::Outbox;
use crate::{BusError, outbox};

/// A log of events that can be read from any place on. Delivers at least once.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// How many partitions the topic has; each is read on its own.
    fn partitions(&self, topic: Topic) -> i32;

    /// At most `limit` records of one partition after `after`, in log order.
    async fn read(
        &self,
        topic: Topic,
        partition: i32,
        after: &Cursor,
        limit: u16,
    ) -> Result<Vec<Record>, BusError>;

    /// How many records are committed after `after`. 0 means: everything acknowledged so far was read.
    async fn lag(&self, topic: Topic, partition: i32, after: &Cursor) -> Result<i64, BusError>;

    /// Returns true as soon as the topic may have something new, false when `within` is over. A publication from
    /// another process, and a record that was held back behind a running transaction, wake nobody: look again
    /// after a while whatever this says.
    async fn changed(&self, topic: Topic, within: Duration) -> bool;
}

/// The log as it stands in the publishing service's own database.
#[derive(Debug, Clone)]
pub struct OutboxLog {
    outbox: Outbox,
}

impl OutboxLog {
    /// Reads that outbox.
    pub fn new(outbox: Outbox) -> Self {
        Self { outbox }
    }
}

#[async_trait]
impl EventLog for OutboxLog {
    fn partitions(&self, _: Topic) -> i32 {
        1
    }

    async fn read(&self, topic: Topic, _: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        outbox::read(self.outbox.db().pool(), topic, after, limit.into()).await
    }

    async fn lag(&self, topic: Topic, _: i32, after: &Cursor) -> Result<i64, BusError> {
        outbox::count_after(self.outbox.db().pool(), topic, after).await
    }

    async fn changed(&self, _: Topic, within: Duration) -> bool {
        let mut woken = self.outbox.subscribe();
        matches!(tokio::time::timeout(within, woken.changed()).await, Ok(Ok(())))
    }
}
