//! Reading the log: the border behind which an outbox, a neighbour's feed or a broker stands.

use std::time::Duration;

use async_trait::async_trait;
use contracts::Topic;

use crate::record::{Cursor, Record};
use crate::work::Outbox;
use crate::{BusError, outbox};

/// How long a reader sleeps at most before it looks again by itself: wake-ups from other processes don't reach it.
const POLL: Duration = Duration::from_millis(100);

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

    /// Returns when the topic may have something new, at the latest after `within`.
    async fn changed(&self, topic: Topic, within: Duration);
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

    async fn changed(&self, _: Topic, within: Duration) {
        let mut woken = self.outbox.subscribe();
        // Either outcome means the same: look again.
        let _ = tokio::time::timeout(within.min(POLL), woken.changed()).await;
    }
}
