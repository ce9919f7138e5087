//! Writes notifications of facts.

use bus::Work;
use chrono::{DateTime, Utc};
use ids::NotificationId;
use uuid::Uuid;

use crate::domain::{Message, Notification};
use crate::store;

/// A fact that came in, and what is to be said of it.
#[derive(Debug, Clone)]
pub(crate) struct Fact {
    /// The event.
    pub(crate) event_id: Uuid,
    /// When it happened.
    pub(crate) occurred_at: DateTime<Utc>,
    /// What is to be said.
    pub(crate) message: Message,
}

/// Writes one notification a fact, in the transaction of the consumer's position. A fact that was told of is left
/// out.
pub(crate) async fn tell(work: &mut Work, facts: Vec<Fact>, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    let fresh: Vec<Notification> = facts
        .into_iter()
        .map(|fact| Notification {
            id: NotificationId::generate(),
            event_id: fact.event_id,
            message: fact.message,
            occurred_at: fact.occurred_at,
            created_at: now,
            read_at: None,
        })
        .collect();
    store::insert_new(work.conn(), &fresh).await
}
