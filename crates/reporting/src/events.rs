//! What is listened to.

use async_trait::async_trait;
use bus::{Handler, Record, Refusal, Work};
use contracts::events::AccountingEntry;

use crate::ops;

/// Adds posted entries to the sums.
pub(crate) struct PostedEntries;

#[async_trait]
impl Handler for PostedEntries {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        let entries = records
            .iter()
            .map(|record| record.event::<AccountingEntry>())
            .collect::<Result<Vec<_>, _>>()?;
        ops::add_entries(work, &entries).await
    }
}
