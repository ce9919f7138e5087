//! Counting attempts to log in.

use chrono::TimeDelta;
use sha2::{Digest, Sha256};

use crate::Office;
use crate::domain::backoff;
use crate::error::Error;
use crate::store::login_attempts;

/// What attempts are counted under: the login as it was typed, without case.
pub(crate) fn key(login: &str) -> [u8; 32] {
    Sha256::digest(login.trim().to_ascii_lowercase().as_bytes()).into()
}

/// Counts an attempt before its password is looked at, so that parallel guesses can't outrun the lock. A success
/// clears the count with [`login_attempts::clear`].
pub(crate) async fn count(office: &Office, key: &[u8; 32]) -> Result<(), Error> {
    let now = office.clock.now();
    let mut work = office.outbox.begin().await?;
    let counted = login_attempts::count(work.conn(), key, now, now - backoff::FORGOTTEN_AFTER).await?;
    let Some(attempts) = counted else {
        let until = login_attempts::locked_until(work.conn(), key)
            .await?
            .unwrap_or(now);
        work.roll_back().await?;
        let seconds = until.signed_duration_since(now).num_seconds().saturating_add(1);
        return Err(Error::Locked {
            retry_after_s: u32::try_from(seconds).unwrap_or(1),
        });
    };
    let lock = backoff::lock_after(attempts);
    if lock > TimeDelta::zero() {
        login_attempts::lock(work.conn(), key, now + lock).await?;
    }
    work.commit().await?;
    Ok(())
}
