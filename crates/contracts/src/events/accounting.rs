//! What the accounting service tells.

use chrono::{DateTime, NaiveDate, Utc};
use ids::{JournalEntryId, PartnerId};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Event;
use crate::topics::{self, Topic};

/// The two sides of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Left.
    Debit,
    /// Right.
    Credit,
}

/// One line of a journal entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EntryLine {
    /// The account's code in the chart.
    pub account: String,
    /// The partner that the line is about, if it is about one.
    pub partner_id: Option<PartnerId>,
    /// Debit or credit.
    pub side: Side,
    /// Minor units, more than 0.
    pub amount_minor: i64,
    /// The amount's currency.
    pub currency: Currency,
}

/// A journal entry was posted. It balances per currency and never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AccountingEntry {
    /// The entry.
    pub entry_id: JournalEntryId,
    /// Which set of books.
    pub book: String,
    /// What kind of business fact it books: the source event's topic.
    pub kind: String,
    /// The aggregate of the source event: the payment, the settlement.
    pub source: String,
    /// The business day it belongs to.
    pub posted_on: NaiveDate,
    /// When it was written.
    pub recorded_at: DateTime<Utc>,
    /// Its lines, two or more.
    pub lines: Vec<EntryLine>,
}

impl Event for AccountingEntry {
    const TOPIC: Topic = topics::ACCOUNTING_ENTRY;
    fn aggregate(&self) -> String {
        self.entry_id.to_string()
    }
}
