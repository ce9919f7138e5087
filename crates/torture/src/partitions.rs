//! Kafka's partitions from their beginning: is every event there, and does it stand in its place?

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use contracts::envelope::{CE_AGGREGATEVERSION, CE_ID, CE_SEQUENCE};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{BorrowedMessage, Headers as _, Message as _};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long the brokers may be silent.
const LIMIT: Duration = Duration::from_mins(1);

/// What stands in the partitions.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Partitions {
    /// Events, each counted once.
    pub(crate) events: u64,
    /// Events that stand there again: after a takeover a relay sends what may not have been sent. Readers skip them.
    pub(crate) repeats: u64,
    /// Events that stand behind one that should follow them. Readers would see a gap and heal it.
    pub(crate) gaps: u64,
    /// Events of an aggregate that stand before an earlier one of it.
    pub(crate) disordered: u64,
    /// Events that their publisher put there, and that are missing at the end.
    pub(crate) missing: u64,
    /// Events that stand in the place of another one.
    pub(crate) changed: u64,
}

impl Partitions {
    /// Whether every event is there, once or again, in its place and behind its predecessors.
    pub(crate) fn are_in_order(&self) -> bool {
        self.gaps + self.disordered + self.missing + self.changed == 0
    }
}

/// How many events were put into each partition of each topic, as their publishers say.
pub(crate) type Published = BTreeMap<(String, i32), i64>;

/// Reads all topics. Blocks: call it where that is allowed.
pub(crate) fn read(brokers: &str, published: &Published) -> Result<Partitions> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "torture")
        .set("enable.auto.commit", "false")
        .create()?;
    let mut ends = BTreeMap::new();
    let mut assignment = TopicPartitionList::new();
    let metadata = consumer.fetch_metadata(None, LIMIT)?;
    for topic in metadata.topics().iter().filter(|topic| is_ours(topic.name())) {
        for partition in topic.partitions() {
            let (low, high) = consumer.fetch_watermarks(topic.name(), partition.id(), LIMIT)?;
            if high > low {
                assignment.add_partition_offset(topic.name(), partition.id(), Offset::Beginning)?;
                ends.insert((topic.name().to_owned(), partition.id()), high);
            }
        }
    }
    consumer.assign(&assignment)?;
    let mut seen = Order::default();
    while !ends.is_empty() {
        let message = match consumer.poll(LIMIT) {
            Some(message) => message.context("reading a partition")?,
            None => bail!("the brokers are silent; {} partitions are not read", ends.len()),
        };
        let place = (message.topic().to_owned(), message.partition());
        if let (Some(sequence), Some(number)) = (
            header(&message, CE_SEQUENCE),
            header(&message, CE_AGGREGATEVERSION),
        ) {
            let aggregate = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
            let id = header::<String>(&message, CE_ID).unwrap_or_default();
            seen.take(&place, &aggregate, sequence, number, id);
        }
        if ends.get(&place).is_some_and(|end| message.offset() + 1 >= *end) {
            ends.remove(&place);
        }
    }
    Ok(seen.against(published))
}

fn is_ours(topic: &str) -> bool {
    contracts::Topic::named(topic).is_some()
}

fn header<T: FromStr>(message: &BorrowedMessage<'_>, name: &str) -> Option<T> {
    let headers = message.headers()?;
    let header = headers.iter().find(|header| header.key == name)?;
    std::str::from_utf8(header.value?).ok()?.parse().ok()
}

/// What was read so far.
#[derive(Default)]
struct Order {
    /// The last sequence of each partition.
    last: HashMap<(String, i32), i64>,
    /// The last number of each aggregate in a topic.
    numbers: HashMap<(String, String), i64>,
    /// Which event stands in each place.
    ids: HashMap<(String, i32, i64), String>,
    found: Partitions,
}

impl Order {
    fn take(&mut self, place: &(String, i32), aggregate: &str, sequence: i64, number: i64, id: String) {
        match self.ids.entry((place.0.clone(), place.1, sequence)) {
            Entry::Occupied(known) => self.found.changed += u64::from(*known.get() != id),
            Entry::Vacant(free) => _ = free.insert(id),
        }
        let last = self.last.entry(place.clone()).or_default();
        if sequence <= *last {
            self.found.repeats += 1;
            return;
        }
        if sequence > *last + 1 {
            self.found.gaps += 1;
        }
        *last = sequence;
        self.found.events += 1;
        let last_number = self
            .numbers
            .entry((place.0.clone(), aggregate.to_owned()))
            .or_default();
        if number != *last_number + 1 {
            self.found.disordered += 1;
        }
        *last_number = number;
    }

    fn against(mut self, published: &Published) -> Partitions {
        for (place, count) in published {
            let last = self.last.get(place).copied().unwrap_or(0);
            self.found.missing += u64::try_from(count.saturating_sub(last)).unwrap_or(0);
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(events: &[(i32, &str, i64, i64)]) -> Order {
        let mut order = Order::default();
        for (partition, aggregate, sequence, number) in events {
            let id = format!("{aggregate} {number}");
            order.take(&("t".to_owned(), *partition), aggregate, *sequence, *number, id);
        }
        order
    }

    fn read(events: &[(i32, &str, i64, i64)]) -> Partitions {
        order(events).found
    }

    #[test]
    fn what_is_missing_or_another_is_counted() {
        let there = [(0, "a", 1, 1), (0, "b", 2, 1), (0, "c", 2, 1), (1, "d", 1, 1)];
        let published =
            [(0, 2), (1, 4), (2, 1)].map(|(partition, count)| (("t".to_owned(), partition), count));
        let found = order(&there).against(&published.into());
        assert_eq!((found.missing, found.changed), (4, 1));
    }

    #[test]
    fn repeats_are_no_disorder_and_gaps_are_counted() {
        let kept = Partitions {
            events: 3,
            ..Partitions::default()
        };
        assert_eq!(read(&[(0, "a", 1, 1), (0, "b", 2, 1), (0, "a", 3, 2)]), kept);
        let repeated = read(&[
            (0, "a", 1, 1),
            (0, "b", 2, 1),
            (0, "a", 1, 1),
            (0, "b", 2, 1),
            (0, "a", 3, 2),
        ]);
        assert_eq!(repeated, Partitions { repeats: 2, ..kept });
        let gap = read(&[(0, "a", 1, 1), (0, "a", 3, 3), (0, "a", 2, 2)]);
        assert_eq!((gap.gaps, gap.disordered), (1, 1));
        let elsewhere = read(&[(0, "a", 1, 2), (1, "a", 1, 1)]);
        assert_eq!(elsewhere.disordered, 2);
    }
}
