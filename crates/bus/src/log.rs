//! Reading the log: the border behind which an outbox, a neighbour's feed or a broker stands.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use contracts::Topic;

use crate::BusError;
use crate::record::{Cursor, Record};

/// Where a service stands in a topic, by partition. A partition that is missing has not been begun.
pub type Places = BTreeMap<i32, Cursor>;

/// What is committed behind some places, and was not read from there yet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lag {
    /// Events that nobody can read yet: no relay has put them into a partition.
    pub unsequenced: i64,
    /// Events that a reader could bring now, by partition.
    pub partitions: BTreeMap<i32, i64>,
}

impl Lag {
    /// Of a log with one partition.
    pub fn in_one_partition(behind: i64) -> Self {
        Self {
            unsequenced: 0,
            partitions: [(0, behind)].into(),
        }
    }

    /// All of it. 0 means: everything acknowledged so far was read.
    pub fn total(&self) -> i64 {
        self.partitions
            .values()
            .fold(self.unsequenced, |sum, behind| sum.saturating_add(*behind))
    }
}

/// A log of events that can be read from any place on. Delivers at least once.
#[async_trait]
pub trait EventLog: Send + Sync {
    /// Under this name consumers keep their places: those of one log mean nothing to another.
    fn name(&self) -> &'static str;

    /// Begins to read `topic` as one copy of a service.
    fn reader(&self, topic: Topic) -> Box<dyn Reader>;

    /// How many records are committed behind `places`, in all partitions, whoever reads them.
    async fn lag(&self, topic: Topic, places: &Places) -> Result<Lag, BusError>;

    /// Reads no more, so that other copies of the service need not wait until they notice. Asked when the last reader is
    /// done.
    async fn close(&self) {}
}

/// One copy's view of a topic.
#[async_trait]
pub trait Reader: Send + Sync {
    /// The partitions that are this copy's to read now. For a moment two copies may believe it of one partition: the
    /// row of its position decides.
    fn partitions(&self) -> Vec<i32>;

    /// At most `limit` records of one partition after `after`, in log order and without a gap.
    async fn read(&self, partition: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError>;

    /// Returns true as soon as there may be something new, false when `within` is over. A publication from
    /// another process, and a record that was held back behind a running transaction, may wake nobody: look again
    /// after a while whatever this says.
    async fn changed(&self, within: Duration) -> bool;

    /// What was published in the place of `record`, where that can be another one than came: a broker lies between. None
    /// where the record was read from its publisher.
    async fn published(&self, _partition: i32, _record: &Record) -> Result<Option<Record>, BusError> {
        Ok(None)
    }

    /// Begins anew, because nothing has come for a while although there is something. Records that were read and not
    /// handled come again.
    async fn restart(&self) {}
}
