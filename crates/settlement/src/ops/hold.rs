//! Holds settlement back while someone is still sending lines of the past.

use bus::Outbox;
use chrono::{DateTime, TimeDelta, Utc};
use ids::HoldId;

use crate::Error;
use crate::store::holds::{self, Hold};

/// Takes a hold for `lease_seconds`, 1 to 600. Nothing is requested from the moment this returns.
pub async fn take(
    outbox: &Outbox,
    reason: String,
    held_by: String,
    lease_seconds: i32,
    now: DateTime<Utc>,
) -> Result<Hold, Error> {
    let hold = Hold {
        id: HoldId::generate().as_uuid(),
        reason,
        held_by,
        lease_seconds,
        created_at: now,
        expires_at: now + TimeDelta::seconds(lease_seconds.into()),
        released_at: None,
    };
    let mut work = outbox.begin().await?;
    holds::insert(work.conn(), &hold).await?;
    work.commit().await?;
    Ok(hold)
}

/// Lets a hold last for another lease from now on. One that has ended stays ended.
pub async fn renew(outbox: &Outbox, id: HoldId, now: DateTime<Utc>) -> Result<Hold, Error> {
    let mut work = outbox.begin().await?;
    let hold = holds::lock(work.conn(), id).await?.ok_or(Error::NoSuchHold(id))?;
    if hold.released_at.is_some() || hold.expires_at <= now {
        return Err(Error::HoldEnded(id));
    }
    let expires_at = holds::renew(work.conn(), &hold, now).await?;
    work.commit().await?;
    Ok(Hold { expires_at, ..hold })
}

/// Ends a hold. Ending it again changes nothing.
pub async fn release(outbox: &Outbox, id: HoldId, now: DateTime<Utc>) -> Result<(), Error> {
    let mut work = outbox.begin().await?;
    if !holds::release(work.conn(), id, now).await? {
        return Err(Error::NoSuchHold(id));
    }
    Ok(work.commit().await?)
}
