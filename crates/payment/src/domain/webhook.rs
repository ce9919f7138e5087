//! What is kept of a webhook beside its body.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::payment::ConnectorName;
use super::words::words;

words! {
    /// What became of a webhook.
    WebhookState {
        /// It was not worked on yet, or could not be.
        Waiting = "waiting",
        /// What it tells is written.
        Done = "done",
        /// Nothing here belongs to it, or it contradicts what is known here.
        Ignored = "ignored",
    }
}

/// A webhook without its body, which may hold what must not be shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Who told it.
    pub connector: ConnectorName,
    /// The connector's own name for the event.
    pub event_id: String,
    /// What became of it.
    pub state: WebhookState,
    /// Why it was ignored, or could not be worked on yet.
    pub problem: Option<String>,
    /// How often it was taken up.
    pub attempts: i32,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// While it waits: when it is taken up.
    pub due_at: Option<DateTime<Utc>>,
}

impl Webhook {
    /// Its place in lists.
    pub fn place(&self) -> Place {
        Place {
            received_at: self.received_at,
            event_id: self.event_id.clone(),
            connector: self.connector,
        }
    }
}

/// A place in lists of webhooks: by the time at which they came, and of one time by their names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// The connector's own name for the event.
    pub event_id: String,
    /// Who told it.
    pub connector: ConnectorName,
}
