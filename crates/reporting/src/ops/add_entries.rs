//! Adds entries to the sums.

use std::collections::HashSet;

use bus::{Refusal, Work};
use contracts::events::AccountingEntry;

use crate::domain::Deltas;
use crate::store;

/// Adds a batch in the transaction of the consumer's position: one statement a table, however many entries. An entry
/// that was added before, or stands twice in the batch, is added once.
pub(crate) async fn add_entries(work: &mut Work, entries: &[AccountingEntry]) -> Result<(), Refusal> {
    let mut fresh = store::seen_entries::insert_new(work.conn(), entries).await?;
    let mut deltas = Deltas::default();
    for entry in entries {
        if fresh.remove(&entry.entry_id) {
            deltas
                .add(entry)
                .map_err(|reason| Refusal::Never(reason.to_string()))?;
        }
    }
    debug_assert_eq!(fresh, HashSet::new(), "every inserted entry is one of the batch");
    store::daily_totals::add(work.conn(), &deltas.daily).await?;
    store::partner_totals::add(work.conn(), &deltas.partners).await?;
    Ok(())
}
