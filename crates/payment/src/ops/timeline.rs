//! Everything that happened to one payment, here and in the services that settle and book it.

use std::time::Duration;

use axum::http::Method;
use chassis::{PeerError, Peers};
use chrono::{DateTime, Utc};
use contracts::Topic;
use contracts::topics;
use ids::PaymentId;
use serde_json::Value;

use super::Payments;
use crate::domain::Payment;
use crate::domain::dispute::Dispute;
use crate::domain::evidence::Evidence;
use crate::error::Error;
use crate::store::routes::{self, RouteNote};
use crate::store::timeline::{self, ChangeNote, OperationNote};
use crate::store::{disputes, evidence, reading};

/// How long another service may take.
const PATIENCE: Duration = Duration::from_secs(3);
/// Events of one topic that are told at most.
const EVENTS: i64 = 1_000;
/// Pages of journal entries that are read at most, of 100 each.
const PAGES: usize = 20;

const TOPICS: &[Topic] = &[
    topics::PAYMENT_REQUESTED,
    topics::PAYMENT_COMPLETED,
    topics::PAYMENT_FAILED,
    topics::PAYMENT_REFUNDED,
    topics::DISPUTE_CHANGED,
];

/// All of it, each in its own order.
#[derive(Debug)]
pub struct Timeline {
    /// The payment as it is.
    pub payment: Payment,
    /// The way that was decided for it; none where its caller named the connector.
    pub route: Option<RouteNote>,
    /// What was asked of it.
    pub changes: Vec<ChangeNote>,
    /// What was asked of connectors.
    pub operations: Vec<OperationNote>,
    /// What was told.
    pub events: Vec<bus::Record>,
    /// What was disputed.
    pub disputes: Vec<Dispute>,
    /// What was said against that.
    pub evidence: Vec<Evidence>,
    /// Its priced lines, as the settlement service shows them.
    pub settlement_lines: Vec<Value>,
    /// Its journal entries, as the accounting service shows them.
    pub journal_entries: Vec<Value>,
    /// The services that did not answer.
    pub silent: Vec<&'static str>,
}

impl Payments {
    /// What happened to a payment. Where another service does not answer, the rest is told, and that it is silent.
    pub async fn timeline(&self, id: PaymentId) -> Result<Timeline, Error> {
        let mut work = self.0.outbox.begin().await?;
        reading::at_one_moment(work.conn()).await?;
        let conn = work.conn();
        let payment = reading::one(&mut *conn, id).await?.ok_or(Error::NotFound(id))?;
        let route = routes::of_payment(&mut *conn, id).await?;
        let changes = timeline::changes(&mut *conn, id).await?;
        let operations = timeline::operations(&mut *conn, id).await?;
        let disputes = disputes::of_payment(&mut *conn, id).await?;
        let mut said = Vec::new();
        for dispute in &disputes {
            said.extend(evidence::of_dispute(&mut *conn, dispute.id).await?);
        }
        let mut events = Vec::new();
        for topic in TOPICS {
            events.extend(bus::history(&mut *conn, *topic, &id.to_string(), EVENTS).await?);
        }
        work.roll_back().await?;
        let (lines, entries) = tokio::join!(lines(&self.0.peers, id), entries(&self.0.peers, id));
        let mut silent = Vec::new();
        let mut heard = |service, answer: Result<Vec<Value>, PeerError>| {
            answer.unwrap_or_else(|error| {
                tracing::warn!(service, error = %error, "a timeline is told without what this service knows");
                silent.push(service);
                Vec::new()
            })
        };
        let (settlement_lines, journal_entries) = (heard("settlement", lines), heard("accounting", entries));
        Ok(Timeline {
            payment,
            route,
            changes,
            operations,
            events,
            disputes,
            evidence: said,
            settlement_lines,
            journal_entries,
            silent,
        })
    }
}

async fn lines(peers: &Peers, id: PaymentId) -> Result<Vec<Value>, PeerError> {
    let path = format!("/v1/settlement-lines?payment_id={id}");
    let answer: Value = peers
        .ask("settlement", Method::GET, &path, None::<&()>, PATIENCE)
        .await?;
    Ok(data(&answer))
}

async fn entries(peers: &Peers, id: PaymentId) -> Result<Vec<Value>, PeerError> {
    let mut all = Vec::new();
    let mut path = format!("/v1/journal-entries?limit=100&source={id}");
    for _ in 0..PAGES {
        let answer: Value = peers
            .ask("accounting", Method::GET, &path, None::<&()>, PATIENCE)
            .await?;
        all.extend(data(&answer));
        let Some(cursor) = answer.get("next_cursor").and_then(Value::as_str) else {
            break;
        };
        path = format!("/v1/journal-entries?limit=100&cursor={cursor}");
    }
    Ok(all)
}

fn data(answer: &Value) -> Vec<Value> {
    answer
        .get("data")
        .and_then(Value::as_array)
        .cloned()
        .unwrap_or_default()
}

/// When something that another service shows happened.
pub fn recorded_at(shown: &Value) -> Option<DateTime<Utc>> {
    let text = shown.get("recorded_at")?.as_str()?;
    Some(DateTime::parse_from_rfc3339(text).ok()?.to_utc())
}
