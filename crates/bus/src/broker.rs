//! Where a relay publishes to.

use async_trait::async_trait;
use contracts::Topic;

use crate::BusError;
use crate::record::Record;

/// A record and the partition that it goes into. Its cursor is [`crate::Cursor::at`] its sequence there.
#[derive(Debug, Clone)]
pub struct Sequenced {
    /// The partition.
    pub partition: i32,
    /// The record.
    pub record: Record,
}

/// A watermark: everything up to `sequence` has been published in this partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The topic.
    pub topic: Topic,
    /// The partition.
    pub partition: i32,
    /// The last sequence.
    pub sequence: i64,
}

/// A log outside of the services' databases, with partitions that keep their order.
#[async_trait]
pub trait Broker: Send + Sync {
    /// How many partitions the topic has; makes the topic where it is missing.
    async fn partitions(&self, topic: Topic) -> Result<i32, BusError>;

    /// Appends records, each partition's in the order given. Returns when all of them are safe. After an error some
    /// may be there: the relay sends all of them again.
    async fn publish(&self, records: &[Sequenced]) -> Result<(), BusError>;

    /// Appends watermarks. After an error some may be there.
    async fn mark(&self, marks: &[Mark]) -> Result<(), BusError>;
}

/// The partition of an aggregate: FNV-1a, modulo their number. The same in every version, since the events of an
/// aggregate are to stand in one partition.
pub(crate) fn partition_of(aggregate: &str, partitions: i32) -> i32 {
    let hash = aggregate.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let partitions = u32::try_from(partitions).unwrap_or(1).max(1);
    i32::try_from(hash % partitions).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::partition_of;

    #[test]
    fn an_aggregate_stays_in_its_partition() {
        // FNV-1a of the empty text and of "foobar": the offset basis, and 0xbf9cf968 (draft-eastlake-fnv, appendix C).
        assert_eq!(partition_of("", 1_000_000_007), 166_136_247);
        assert_eq!(partition_of("foobar", 6), 4);
        assert_eq!(partition_of("foobar", 0), 0);
    }
}
