//! Lists of webhooks. Their bodies are not read.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::domain::ConnectorName;
use crate::domain::webhook::{Place, Webhook, WebhookState};
use crate::store::word;

/// What a list of webhooks is narrowed to, and where it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wanted {
    /// In this state.
    pub state: Option<WebhookState>,
    /// Of this connector.
    pub connector: Option<ConnectorName>,
    /// After this one, the last of the page before.
    pub before: Option<Place>,
}

struct Row {
    connector: String,
    event_id: String,
    state: String,
    problem: Option<String>,
    attempts: i32,
    received_at: DateTime<Utc>,
    due_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Webhook {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            connector: word(&row.connector)?,
            event_id: row.event_id,
            state: word(&row.state)?,
            problem: row.problem,
            attempts: row.attempts,
            received_at: row.received_at,
            due_at: row.due_at,
        })
    }
}

/// At most `limit` webhooks, the newest first.
pub async fn list(conn: &mut PgConnection, wanted: &Wanted, limit: i64) -> Result<Vec<Webhook>, sqlx::Error> {
    let connectors: Vec<String> = ConnectorName::ALL
        .iter()
        .filter(|one| wanted.connector.is_none_or(|connector| connector == **one))
        .map(|one| one.as_str().to_owned())
        .collect();
    let states: Vec<String> = WebhookState::ALL
        .iter()
        .filter(|one| wanted.state.is_none_or(|state| state == **one))
        .map(|one| one.as_str().to_owned())
        .collect();
    let before = wanted.before.as_ref();
    let rows = sqlx::query_file_as!(
        Row,
        "src/store/list_of_webhooks.sql",
        &connectors,
        &states,
        before.map(|place| place.received_at),
        before.map(|place| place.event_id.as_str()),
        before.map(|place| place.connector.as_str()),
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter().map(Webhook::try_from).collect()
}
