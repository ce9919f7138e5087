//! The table `dispute_breaks`: which breaks are what disputes took beyond the lines. Only ever inserted.

use sqlx::PgConnection;
use uuid::Uuid;

use crate::domain::{DisputeChange, Entry};

/// Writes which of the breaks of new entries are of disputes; the breaks are there.
pub(crate) async fn insert(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let found = entries.iter().filter_map(|entry| {
        let change = entry.fact.posting.difference?.of_dispute?;
        Some((entry.id.as_uuid(), change))
    });
    let (ids, changes): (Vec<Uuid>, Vec<DisputeChange>) = found.unzip();
    if ids.is_empty() {
        return Ok(());
    }
    let (disputes, versions) = columns(&changes);
    sqlx::query!(
        "insert into dispute_breaks (entry_id, dispute_id, version)
         select * from unnest($1::uuid[], $2::uuid[], $3::int[])",
        &ids,
        &disputes,
        &versions
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Resolves the breaks of which new entries give everything back: those that earlier changes of the same disputes made.
/// Those of one set of entries are there already.
pub(crate) async fn resolve(conn: &mut PgConnection, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let changes: Vec<DisputeChange> = entries
        .iter()
        .filter_map(|entry| entry.fact.posting.returned)
        .collect();
    if changes.is_empty() {
        return Ok(());
    }
    let (disputes, versions) = columns(&changes);
    sqlx::query!(
        "update breaks b
            set state = 'resolved'
           from unnest($1::uuid[], $2::int[]) as back (dispute_id, version)
           join dispute_breaks d on d.dispute_id = back.dispute_id and d.version < back.version
          where b.entry_id = d.entry_id and b.state = 'open'",
        &disputes,
        &versions
    )
    .execute(conn)
    .await?;
    Ok(())
}

fn columns(changes: &[DisputeChange]) -> (Vec<Uuid>, Vec<i32>) {
    changes
        .iter()
        .map(|change| (change.dispute_id.as_uuid(), change.version))
        .unzip()
}
