//! Where events stand, and how far consumers have come: in the outboxes, and in the partitions of a broker.

use std::collections::HashMap;

use contracts::Topic;
use sqlx::FromRow;

use crate::VerifyError;
use crate::snapshot::Snapshot;

/// Where an event stands: in the outbox always, in a partition once a relay has put it there.
#[derive(Debug, Clone, FromRow)]
pub(crate) struct Places {
    xid: String,
    position: i64,
    partition: Option<i32>,
    sequence: Option<i64>,
}

/// A place behind an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// Transaction and position.
    Outbox(u64, i64),
    /// Partition and sequence.
    Partition(i32, i64),
}

impl Places {
    fn all(&self) -> impl Iterator<Item = Place> {
        let in_outbox = Place::Outbox(self.xid.parse().unwrap_or(u64::MAX), self.position);
        let in_partition = self.partition.zip(self.sequence);
        std::iter::once(in_outbox)
            .chain(in_partition.map(|(partition, sequence)| Place::Partition(partition, sequence)))
    }
}

/// How far a consumer has come in a topic: in each log that it ever read it from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Positions {
    outbox: (u64, i64),
    partitions: HashMap<i32, i64>,
    /// What is written down that can be no place, in words.
    pub(crate) faults: Vec<String>,
    /// Places at which no event was found yet; the beginning of a log is none.
    unseen: Vec<Place>,
}

impl Positions {
    /// Of `consumer` in `topic`.
    pub(crate) async fn of(consumer: &Snapshot, topic: Topic) -> Result<Self, VerifyError> {
        let sql = format!("select log, partition, position from bus.positions where topic = '{topic}'");
        let rows: Vec<(String, i32, String)> = consumer.all("positions", &sql).await?;
        let mut found = Self::default();
        for (log, partition, text) in rows {
            match (log.as_str(), partition, numbers(&text)) {
                ("outbox", 0, Some((xid, position))) => {
                    found.outbox = (xid, position);
                    found.unseen.push(Place::Outbox(xid, position));
                }
                ("kafka", 0.., Some((0, sequence))) => {
                    found.partitions.insert(partition, sequence);
                    found.unseen.push(Place::Partition(partition, sequence));
                }
                _ => found.faults.push(format!(
                    "partition {partition} of {log} stands at {text}, which is no place"
                )),
            }
        }
        found
            .unseen
            .retain(|place| !matches!(place, Place::Outbox(0, 0) | Place::Partition(_, 0)));
        Ok(found)
    }

    /// Whether an event lies at or before one of them.
    pub(crate) fn have_passed(&self, event: &Places) -> bool {
        event.all().any(|place| match place {
            Place::Outbox(xid, position) => (xid, position) <= self.outbox,
            Place::Partition(partition, sequence) => self
                .partitions
                .get(&partition)
                .is_some_and(|reached| sequence <= *reached),
        })
    }

    /// Notes that there is an event.
    pub(crate) fn saw(&mut self, event: &Places) {
        if !self.unseen.is_empty() {
            self.unseen.retain(|place| event.all().all(|seen| seen != *place));
        }
    }

    /// The places at which no event was seen, in words.
    pub(crate) fn left_over(&self) -> Vec<String> {
        self.unseen
            .iter()
            .map(|place| match place {
                Place::Outbox(xid, position) => format!("{xid}.{position}"),
                Place::Partition(partition, sequence) => format!("{sequence} in partition {partition}"),
            })
            .collect()
    }
}

fn numbers(text: &str) -> Option<(u64, i64)> {
    let (first, second) = text.split_once('.')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}
