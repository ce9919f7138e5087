//! A record of the log, and a place in it.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use contracts::{Event, Topic};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use uuid::Uuid;

use crate::BusError;

/// One event as it stands in the log.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Record {
    /// Where it was published.
    pub topic: Topic,
    /// The thing it tells of.
    pub aggregate: String,
    /// 1, 2, 3, ... per topic and aggregate.
    pub number: i64,
    /// Its own identity, the same at every delivery.
    pub event_id: Uuid,
    /// The place right behind it, for whoever has handled it.
    pub cursor: Cursor,
    /// The event.
    pub payload: Box<RawValue>,
    /// The trace in which it was published.
    pub trace_parent: String,
    /// When the fact happened, by the publisher's clock.
    pub occurred_at: DateTime<Utc>,
}

impl Record {
    /// The event, in the form of its topic.
    pub fn event<E: Event>(&self) -> Result<E, BusError> {
        serde_json::from_str(self.payload.get()).map_err(|source| BusError::Malformed {
            topic: self.topic.name,
            source,
        })
    }

    /// Whether both are one event, and tell the same of it.
    pub(crate) fn says_the_same_as(&self, other: &Self) -> bool {
        let said = |record: &Self| (record.number, record.event_id, record.occurred_at);
        said(self) == said(other)
            && self.aggregate == other.aggregate
            && self.payload.get() == other.payload.get()
    }
}

/// A place in one partition of a topic. Opaque to everyone but the log that gave it out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cursor(String);

impl Cursor {
    /// Before the first record.
    pub fn start() -> Self {
        Self("0.0".to_owned())
    }

    pub(crate) fn new(xid: &str, position: i64) -> Self {
        Self(format!("{xid}.{position}"))
    }

    /// Behind the record of that sequence in its partition.
    pub fn at(sequence: i64) -> Self {
        Self(format!("0.{sequence}"))
    }

    /// The sequence of the record that it stands behind, in a log that numbers its partitions.
    ///
    /// # Errors
    /// [`BusError::Position`] for a place in another kind of log.
    pub fn sequence(&self) -> Result<i64, BusError> {
        match self.parts()? {
            ("0", sequence) => Ok(sequence),
            _ => Err(BusError::Position(self.0.clone())),
        }
    }

    /// The transaction and the position of an outbox row.
    pub(crate) fn parts(&self) -> Result<(&str, i64), BusError> {
        let not_ours = || BusError::Position(self.0.clone());
        let (xid, position) = self.0.split_once('.').ok_or_else(not_ours)?;
        let digits = !xid.is_empty() && xid.len() <= 19 && xid.bytes().all(|b| b.is_ascii_digit());
        if !digits {
            return Err(not_ours());
        }
        Ok((xid, position.parse().map_err(|_| not_ours())?))
    }

    /// The text that stands for it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for Cursor {
    type Err = BusError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let cursor = Self(text.to_owned());
        cursor.parts()?;
        Ok(cursor)
    }
}
