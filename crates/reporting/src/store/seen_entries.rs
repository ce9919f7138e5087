//! The table `seen_entries`.

use std::collections::HashSet;

use chrono::NaiveDate;
use contracts::events::AccountingEntry;
use ids::JournalEntryId;
use sqlx::PgConnection;
use uuid::Uuid;

/// Notes those that were not seen before, and returns which.
pub(crate) async fn insert_new(
    conn: &mut PgConnection,
    entries: &[AccountingEntry],
) -> Result<HashSet<JournalEntryId>, sqlx::Error> {
    let ids: Vec<Uuid> = entries.iter().map(|e| e.entry_id.as_uuid()).collect();
    let days: Vec<NaiveDate> = entries.iter().map(|e| e.posted_on).collect();
    let fresh = sqlx::query_scalar!(
        "insert into seen_entries (entry_id, posted_on)
         select entry_id, posted_on from unnest($1::uuid[], $2::date[]) as came (entry_id, posted_on)
          order by entry_id
             on conflict on constraint seen_entries_pk do nothing
         returning entry_id",
        &ids,
        &days
    )
    .fetch_all(conn)
    .await?;
    Ok(fresh.into_iter().map(JournalEntryId::from_uuid).collect())
}
