//! What happened and is to be booked.

use chrono::{DateTime, NaiveDate, Utc};
use ids::JournalEntryId;

use super::Posting;

/// The event that an entry books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source {
    /// Its topic.
    pub(crate) topic: &'static str,
    /// What it tells of.
    pub(crate) aggregate: String,
    /// Its number there.
    pub(crate) number: i64,
}

/// Something that happened and is to be booked.
#[derive(Debug)]
pub(crate) struct Fact {
    /// The event that tells of it.
    pub(crate) source: Source,
    /// When it happened.
    pub(crate) happened_at: DateTime<Utc>,
    /// What it makes of the books.
    pub(crate) posting: Posting,
}

/// A fact as it is written.
#[derive(Debug)]
pub(crate) struct Entry {
    /// The entry's id; ids ascend as facts came in.
    pub(crate) id: JournalEntryId,
    /// The business day to which it is posted.
    pub(crate) posted_on: NaiveDate,
    /// What is booked.
    pub(crate) fact: Fact,
}
