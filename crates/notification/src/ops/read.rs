//! Reads.

use bus::Outbox;
use uuid::Uuid;

use crate::domain::{Kind, Notification};
use crate::error::Error;
use crate::store;

/// At most `limit` notifications before `before`, the newest first. `unread`: only those that nobody, or that
/// somebody, has read.
pub(crate) async fn notifications(
    outbox: &Outbox,
    kind: Option<Kind>,
    unread: Option<bool>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Notification>, Error> {
    store::page(outbox.db().pool(), kind, unread, before, limit).await
}
