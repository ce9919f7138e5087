//! What connectors told by themselves against the disputes that stand: nothing else tells of those.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use sqlx::FromRow;

use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::report::Check;

/// Who tells by webhooks.
const CONNECTORS: [&str; 2] = ["simulator", "stripe"];

/// A webhook as it was stored.
#[derive(Debug, FromRow)]
struct Webhook {
    connector: String,
    event_id: String,
    body: Vec<u8>,
    is_done: bool,
}

/// A dispute, as far as only its connector knows it.
#[derive(Debug, FromRow)]
struct Dispute {
    id: String,
    connector: String,
    connector_reference: String,
    evidence_due_at: Option<DateTime<Utc>>,
    /// How often it changed.
    version: i32,
}

/// An event, as the network or Stripe writes it.
#[derive(Debug, Deserialize)]
struct Event {
    id: String,
    #[serde(rename = "type")]
    kind: String,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    dispute_id: Option<String>,
    evidence_due_at: Option<DateTime<Utc>>,
    object: Option<Object>,
}

#[derive(Debug, Deserialize)]
struct Object {
    id: String,
    evidence_details: Option<EvidenceDetails>,
}

#[derive(Debug, Deserialize)]
struct EvidenceDetails {
    due_by: Option<i64>,
}

/// What was told of one dispute.
#[derive(Debug, Default)]
struct Told {
    /// Until when evidence helped by each of them, in microseconds.
    due_at: Vec<Option<i64>>,
    /// The event that was followed to its end.
    done_as: Option<String>,
}

impl Event {
    /// The dispute's name at its connector, and until when evidence helps; none where it tells of something else.
    fn dispute(self) -> Option<(String, Option<DateTime<Utc>>)> {
        if self.kind.starts_with("dispute.") {
            return Some((self.data.dispute_id?, self.data.evidence_due_at));
        }
        let object = self
            .data
            .object
            .filter(|_| self.kind.starts_with("charge.dispute."))?;
        let due_by = object.evidence_details.and_then(|details| details.due_by);
        Some((
            object.id,
            due_by.and_then(|seconds| DateTime::from_timestamp(seconds, 0)),
        ))
    }
}

impl Dispute {
    fn faults(&self, told: Option<Told>) -> Vec<String> {
        let Some(Told { due_at, .. }) = told else {
            return vec!["no webhook told of it".to_owned()];
        };
        let mut faults = Vec::new();
        if !due_at.contains(&self.evidence_due_at.map(|at| at.timestamp_micros())) {
            let due_at = self.evidence_due_at;
            faults.push(format!("evidence is due at {due_at:?}, which no webhook told"));
        }
        // Each change was told, and some that came late changed nothing any more.
        if i64::from(self.version) > i64::try_from(due_at.len()).unwrap_or(i64::MAX) {
            faults.push(format!(
                "changed {} times, of which {} were told",
                self.version,
                due_at.len()
            ));
        }
        faults
    }
}

/// Checks that webhooks are what they say, and that disputes are what webhooks told.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let mut check = databases.check(
        "payment_webhooks",
        "webhooks can be read, and every dispute is one that its connector told of",
    );
    let mut told = told(databases, &mut check).await?;
    let sql = "select dispute_id::text as id, connector, connector_reference, evidence_due_at, version from disputes";
    let mut rows = databases.payment.stream::<Dispute>("disputes", sql).await?;
    while let Some(dispute) = rows.next().await? {
        check.examined += 1;
        let key = (dispute.connector.clone(), dispute.connector_reference.clone());
        let faults = dispute.faults(told.remove(&key));
        check.found_all(&names::known(&format!("dsp:{}", dispute.id)), faults);
    }
    for (_, told) in told {
        if let Some(event) = told.done_as {
            check.found(vec![event], "tells of a dispute that does not exist");
        }
    }
    check.done(&mut checks);
    Ok(checks)
}

/// What was told of disputes, by connector and its name for them.
async fn told(
    databases: &Databases,
    check: &mut Check,
) -> Result<HashMap<(String, String), Told>, VerifyError> {
    let mut disputes: HashMap<(String, String), Told> = HashMap::new();
    let sql = include_str!("sql/payment/webhooks.sql");
    let mut rows = databases.payment.stream::<Webhook>("webhooks", sql).await?;
    while let Some(webhook) = rows.next().await? {
        check.examined += 1;
        if !CONNECTORS.contains(&webhook.connector.as_str()) {
            let by = format!("was told by {}, which nobody knows", webhook.connector);
            check.found(vec![webhook.event_id.clone()], by);
        }
        let event: Event = match serde_json::from_slice(&webhook.body) {
            Ok(event) => event,
            Err(error) => {
                // What waits may be found to be nothing that can be read, and is ignored then.
                if webhook.is_done {
                    check.found(vec![webhook.event_id], format!("can't be read: {error}"));
                }
                continue;
            }
        };
        if event.id != webhook.event_id {
            check.found(vec![webhook.event_id], format!("names itself {}", event.id));
        } else if let Some((reference, due_at)) = event.dispute() {
            let told = disputes.entry((webhook.connector, reference)).or_default();
            told.due_at.push(due_at.map(|at| at.timestamp_micros()));
            if webhook.is_done {
                told.done_as = Some(webhook.event_id);
            }
        }
    }
    Ok(disputes)
}
