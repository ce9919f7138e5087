//! How each fact is booked: the table of postings, one file a fact.

mod dispute_changed;
#[cfg(test)]
mod dispute_tests;
mod payment_completed;
mod payment_refunded;
mod settlement_completed;
mod settlement_lines_priced;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use contracts::events::Event;

use crate::Error;

use super::{BalancedEntry, Difference, DisputeChange, Repayment};

/// What a fact makes of the books.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Posting {
    /// The entry.
    pub(crate) entry: BalancedEntry,
    /// The break that it reveals, if any.
    pub(crate) difference: Option<Difference>,
    /// What it gives back of a payment that was paid over, if anything.
    pub(crate) repayment: Option<Repayment>,
    /// The change of a dispute by which its bank gave back what it had taken beyond the lines, if it did.
    pub(crate) returned: Option<DisputeChange>,
}

impl Posting {
    /// An entry that has nothing to do with suspense.
    fn plain(entry: BalancedEntry) -> Self {
        Self {
            entry,
            difference: None,
            repayment: None,
            returned: None,
        }
    }
}

/// A fact that is booked.
pub(crate) trait Booked: Event {
    /// Its posting; none where it moves nothing.
    fn posting(&self) -> Result<Option<Posting>, Error>;

    /// The instant whose business day it belongs to, where its publisher dated it `published_at`.
    fn happened_at(&self, published_at: DateTime<Utc>) -> DateTime<Utc>;
}
