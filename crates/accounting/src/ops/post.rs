//! Posts a batch of facts: one statement a table, whatever the batch's size.

use std::collections::HashSet;
use std::sync::Arc;

use bus::Work;
use calendar::TimeZone;
use chassis::Clock;
use chrono::{DateTime, NaiveDate, Utc};
use contracts::events::{AccountingEntry, EntryLine};
use ids::JournalEntryId;

use crate::Error;
use crate::domain::{Entry, Fact, Month};
use crate::store::{
    books, break_repayments, breaks, dispute_breaks, journal_entries, journal_lines, ledgers, periods,
};

/// The set of books that facts are booked in.
pub(crate) const BOOK: &str = "main";

/// Writes into the books.
pub(crate) struct Bookkeeper {
    time_zone: TimeZone,
    clock: Arc<dyn Clock>,
}

impl Bookkeeper {
    /// A bookkeeper whose days end at midnight of that zone.
    pub(crate) fn new(time_zone: TimeZone, clock: Arc<dyn Clock>) -> Self {
        Self { time_zone, clock }
    }

    /// The present instant and its business day.
    pub(crate) fn now(&self) -> (DateTime<Utc>, NaiveDate) {
        let now = self.clock.now();
        (now, self.time_zone.date_of(now))
    }

    /// Writes an entry for every fact whose source was not booked before, adds it to the ledgers, and publishes it.
    /// Returns how many entries that were.
    pub(crate) async fn post(&self, work: &mut Work, facts: Vec<Fact>) -> Result<usize, Error> {
        if facts.is_empty() {
            return Ok(0);
        }
        // Held until the commit: the period that is open now is not closed before these entries are in it.
        let closed_through = books::hold_open(work.conn(), BOOK).await?;
        let recorded_at = self.clock.now();
        let mut entries = self.date(facts, closed_through, recorded_at);
        let written: HashSet<_> = journal_entries::insert(work.conn(), BOOK, recorded_at, &entries)
            .await?
            .into_iter()
            .collect();
        entries.retain(|entry| written.contains(&entry.id));
        if entries.is_empty() {
            return Ok(0);
        }
        journal_lines::insert(work.conn(), &entries).await?;
        breaks::insert(work.conn(), &entries, recorded_at).await?;
        break_repayments::insert(work.conn(), &entries).await?;
        dispute_breaks::insert(work.conn(), &entries).await?;
        dispute_breaks::resolve(work.conn(), &entries).await?;
        for entry in &entries {
            work.publish(&published(entry, recorded_at), recorded_at)?;
        }
        periods::note(work.conn(), BOOK, &entries).await?;
        // Last, since these rows are the ones that others wait for.
        ledgers::add(work.conn(), BOOK, &entries).await?;
        Ok(entries.len())
    }

    fn date(
        &self,
        facts: Vec<Fact>,
        closed_through: Option<Month>,
        recorded_at: DateTime<Utc>,
    ) -> Vec<Entry> {
        let millis = u64::try_from(recorded_at.timestamp_millis()).unwrap_or(0);
        let mut ids: Vec<_> = facts
            .iter()
            .map(|_| JournalEntryId::generate_at(millis))
            .collect();
        ids.sort_unstable();
        ids.into_iter()
            .zip(facts)
            .map(|(id, fact)| Entry {
                id,
                posted_on: Month::posting_day(self.time_zone.date_of(fact.happened_at), closed_through),
                fact,
            })
            .collect()
    }
}

fn published(entry: &Entry, recorded_at: DateTime<Utc>) -> AccountingEntry {
    let lines = entry.fact.posting.entry.lines().iter().map(|line| EntryLine {
        account: line.account.code().to_owned(),
        partner_id: line.partner_id,
        side: line.side,
        amount_minor: line.amount_minor,
        currency: line.currency,
    });
    AccountingEntry {
        entry_id: entry.id,
        book: BOOK.to_owned(),
        kind: entry.fact.source.topic.to_owned(),
        source: entry.fact.source.aggregate.clone(),
        posted_on: entry.posted_on,
        recorded_at,
        lines: lines.collect(),
    }
}
