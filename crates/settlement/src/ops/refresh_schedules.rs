//! Keeps the settlement schedules (정산 스케줄) up to date.

use bus::{Outbox, Work};
use chrono::{DateTime, Utc};

use crate::Error;
use crate::domain::contract::Account;
use crate::domain::schedule::{Schedule, schedule};
use crate::store::{contracts as known, schedules};

/// Accounts worked on in one transaction at most.
const CHUNK: i64 = 500;

/// Works out anew the schedules whose time has come; returns how many, at most 500.
pub async fn refresh_due_schedules(outbox: &Outbox, now: DateTime<Utc>) -> Result<usize, Error> {
    let mut work = outbox.begin().await?;
    let due = schedules::due(work.conn(), now, CHUNK).await?;
    if due.is_empty() {
        return Ok(0);
    }
    refresh(&mut work, &due, now).await?;
    work.commit().await?;
    Ok(due.len())
}

/// Works out the schedules of these accounts.
pub(super) async fn refresh(work: &mut Work, accounts: &[Account], now: DateTime<Utc>) -> Result<(), Error> {
    let versions = known::of(work.conn(), accounts).await?;
    let fresh: Vec<(Account, Schedule<'_>)> = versions
        .iter()
        .filter_map(|(account, versions)| Some((*account, schedule(versions, now)?)))
        .collect();
    schedules::write(work.conn(), &fresh, now).await
}
