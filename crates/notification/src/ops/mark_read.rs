//! Notes that a notification was read.

use bus::Outbox;
use chrono::{DateTime, Utc};
use ids::NotificationId;

use crate::domain::Notification;
use crate::error::Error;
use crate::store;

/// Notes when it was read first; to read it again changes nothing.
pub(crate) async fn mark_read(
    outbox: &Outbox,
    now: DateTime<Utc>,
    id: NotificationId,
) -> Result<Notification, Error> {
    let mut work = outbox.begin().await?;
    let read = store::mark_read(work.conn(), id, now)
        .await?
        .ok_or(Error::NoNotification(id))?;
    work.commit().await?;
    Ok(read)
}
