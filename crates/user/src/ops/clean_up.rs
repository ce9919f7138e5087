//! Deleting what is over.

use crate::Office;
use crate::domain::backoff;
use crate::error::Error;
use crate::store::{login_attempts, sessions};

/// Deletes sessions that are over and attempts that are forgotten; returns how many rows went.
pub(crate) async fn clean_up(office: &Office) -> Result<u64, Error> {
    let now = office.clock.now();
    let mut work = office.outbox.begin().await?;
    let ended = sessions::purge(work.conn(), now).await?;
    let forgotten = login_attempts::purge(work.conn(), now - backoff::FORGOTTEN_AFTER).await?;
    work.commit().await?;
    Ok(ended.saturating_add(forgotten))
}
