//! A webhook as clients see it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use web::card_number;

use crate::domain::ConnectorName;
use crate::domain::webhook::{Webhook, WebhookState};

/// A webhook of a connector. What it told is not shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct WebhookView {
    /// Who told it.
    pub connector: ConnectorName,
    /// The connector's own name for the event: look for it there.
    pub event_id: String,
    /// What became of it.
    pub state: WebhookState,
    /// Why it was ignored, or could not be worked on yet.
    pub reason: Option<String>,
    /// How often it was taken up.
    pub attempts: i32,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// When it is taken up, or taken up again; null where it waits no more.
    pub due_at: Option<DateTime<Utc>>,
}

impl From<Webhook> for WebhookView {
    fn from(webhook: Webhook) -> Self {
        Self {
            connector: webhook.connector,
            event_id: webhook.event_id,
            state: webhook.state,
            // Why a body can't be read may quote it, and nobody has looked through what a connector signs.
            reason: webhook.problem.as_deref().map(card_number::mask),
            attempts: webhook.attempts,
            received_at: webhook.received_at,
            due_at: webhook.due_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_card_number_that_a_reason_quotes_is_not_shown() {
        let webhook = Webhook {
            connector: ConnectorName::Stripe,
            event_id: "evt_1".to_owned(),
            state: WebhookState::Ignored,
            problem: Some("it can't be read: invalid type: string \"4111 1111 1111 1111\"".to_owned()),
            attempts: 1,
            received_at: DateTime::UNIX_EPOCH,
            due_at: None,
        };
        let reason = WebhookView::from(webhook).reason.unwrap();
        assert!(
            reason.starts_with("it can't be read") && !reason.contains("4111"),
            "{reason}"
        );
    }
}
