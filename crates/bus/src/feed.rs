//! The publisher's own view of what its relay put into partitions: what is lost between them is looked for here.

use std::collections::BTreeMap;

use async_trait::async_trait;
use contracts::Topic;
use serde::{Deserialize, Serialize};

use crate::BusError;
use crate::log::Places;
use crate::record::{Cursor, Record};

/// How far a topic has come, as its publisher's database says.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Heads {
    /// Events that are committed and that no relay has put into a partition yet.
    pub unsequenced: i64,
    /// The last sequence given out in each partition.
    pub numbered: BTreeMap<i32, i64>,
}

impl Heads {
    /// How many records stand behind `places`.
    ///
    /// # Errors
    /// [`BusError::Ahead`] for a place that was never given out: "nothing new" would be wrong for ever.
    pub fn behind(&self, topic: Topic, places: &Places) -> Result<i64, BusError> {
        let mut lag = self.unsequenced;
        for (partition, numbered) in &self.numbered {
            let at = places.get(partition).map_or(Ok(0), Cursor::sequence)?;
            lag = lag.saturating_add(numbered.saturating_sub(at));
        }
        for (partition, place) in places {
            let numbered = self.numbered.get(partition).copied().unwrap_or(0);
            if place.sequence()? > numbered {
                return Err(BusError::Ahead {
                    topic: topic.name,
                    position: format!("{place} of partition {partition}"),
                });
            }
        }
        Ok(lag)
    }
}

/// Reads what a relay put into partitions where it came from.
#[async_trait]
pub trait Feed: Send + Sync {
    /// At most `limit` records of a partition behind the sequence `after`, without a gap.
    async fn sequenced(
        &self,
        topic: Topic,
        partition: i32,
        after: i64,
        limit: u16,
    ) -> Result<Vec<Record>, BusError>;

    /// How far the topic has come.
    async fn heads(&self, topic: Topic) -> Result<Heads, BusError>;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behind_is_what_was_committed_and_not_read() {
        let heads = Heads {
            unsequenced: 2,
            numbered: BTreeMap::from([(0, 10), (1, 5)]),
        };
        let topic = contracts::topics::PAYMENT_COMPLETED;
        for (places, expected) in [
            (vec![], Some(17)),
            (vec![(0, 10), (1, 5)], Some(2)),
            (vec![(0, 4)], Some(13)),
            (vec![(1, 6)], None),
            (vec![(2, 1)], None),
            (vec![(2, 0)], Some(17)),
        ] {
            let places: Places = places.into_iter().map(|(p, s)| (p, Cursor::at(s))).collect();
            assert_eq!(heads.behind(topic, &places).ok(), expected, "{places:?}");
        }
    }
}
