//! The simulated card network.

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use chassis::Peers;
use chrono::{DateTime, Utc};
use money::{Currency, Money};
use serde::Deserialize;
use serde_json::json;

use super::{
    Connector, Found, GivenUp, Outcome, RawWebhook, Secrets, Submitted, Task, Told, VerifiedWebhook,
    WebhookRefusal,
};
use crate::domain::dispute::{Dispute, DisputeNews};
use crate::domain::evidence::Evidence;
use crate::domain::{Action, Ending, Failure, Operation};
use contracts::events::DisputeState;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Reaches the service of that name.
pub(super) struct Simulator {
    peers: Peers,
    secrets: Secrets,
}

/// The part of its answer that counts.
#[derive(Debug, Deserialize)]
struct Charge {
    outcome: ChargeOutcome,
    result_charge_id: Option<String>,
    decline_code: Option<String>,
    action: Option<ChargeAction>,
    expires_at: Option<DateTime<Utc>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ChargeOutcome {
    Approved,
    Declined,
    Pending,
}

#[derive(Debug, Deserialize)]
struct ChargeAction {
    url: String,
    expires_at: DateTime<Utc>,
}

/// A webhook of the network.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    data: serde_json::Value,
}

#[derive(Debug, Deserialize)]
struct Keyed {
    connector_key: String,
    #[serde(flatten)]
    charge: Charge,
}

#[derive(Debug, Deserialize)]
struct NetworkDispute {
    dispute_id: String,
    charge_id: String,
    amount_minor: i64,
    currency: Currency,
    reason: String,
    state: DisputeState,
    evidence_due_at: Option<DateTime<Utc>>,
    updated_at: DateTime<Utc>,
}

impl From<Charge> for Outcome {
    fn from(charge: Charge) -> Self {
        match charge.outcome {
            ChargeOutcome::Approved => Self::Succeeded {
                reference: charge.result_charge_id,
                held_until: charge.expires_at,
            },
            ChargeOutcome::Pending => match (charge.result_charge_id, charge.action) {
                (Some(reference), Some(action)) => Self::RequiresAction {
                    reference,
                    action: Action {
                        url: action.url,
                        until: action.expires_at,
                    },
                },
                _ => Self::Unknown("the network waits for the buyer and does not say where".to_owned()),
            },
            ChargeOutcome::Declined => match charge.decline_code.as_deref() {
                // The network says by itself when the buyer's time is over, and what was asked for.
                Some("action_expired") => Self::GivenUp(Ending::Expired),
                Some("canceled") => Self::GivenUp(Ending::Canceled),
                code => Self::Declined(Failure {
                    code: code.unwrap_or("declined").to_owned(),
                    detail: "the network declined it".to_owned(),
                }),
            },
        }
    }
}

impl Simulator {
    pub(super) fn new(peers: Peers, secrets: Secrets) -> Self {
        Self { peers, secrets }
    }

    /// Status and body of the answer; the error says why there is none.
    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Vec<u8>), String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(body))
            .map_err(|error| error.to_string())?;
        let answer = self
            .peers
            .pass("simulator", None, request)
            .await
            .map_err(|error| error.to_string())?;
        let status = answer.status();
        let bytes = to_bytes(answer.into_body(), LONGEST_ANSWER)
            .await
            .map_err(|error| error.to_string())?;
        Ok((status, bytes.to_vec()))
    }

    /// Sends an order under `key`.
    async fn order(&self, task: &Task, operation: &str, key: &str) -> Outcome {
        let is_beginning = task.operation.is_beginning() && operation == task.operation.as_str();
        let mut order = json!({
            "connector_key": key,
            "operation": operation,
            "amount_minor": task.amount.amount_minor(),
            "currency": task.amount.currency(),
            "token": task.token.as_deref().unwrap_or_default(),
        });
        let about = if is_beginning {
            ("return_url", &task.return_url)
        } else {
            ("charge_id", &task.charge)
        };
        if let ((name, Some(text)), Some(order)) = (about, order.as_object_mut()) {
            order.insert(name.to_owned(), json!(text));
        }
        let body = order.to_string().into_bytes();
        match self.exchange(Method::POST, "/network/v1/charges", body).await {
            Ok((StatusCode::OK, bytes)) => match serde_json::from_slice::<Charge>(&bytes) {
                Ok(charge) => charge.into(),
                Err(error) => Outcome::Unknown(error.to_string()),
            },
            // It read the order and would not have it: sent again, it would not either.
            Ok((StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY, bytes)) => {
                Outcome::Failed(Failure {
                    code: "connector_refused".to_owned(),
                    detail: String::from_utf8_lossy(&bytes).chars().take(500).collect(),
                })
            }
            Ok((status, _)) => Outcome::Unknown(format!("the network answered {status}")),
            Err(reason) => Outcome::Unknown(reason),
        }
    }

    async fn send(&self, task: &Task) -> Outcome {
        // Of a payment of 0 nothing is held, and the network would refuse to let go of it.
        if task.operation == Operation::Void && task.amount.amount_minor() == 0 {
            return Outcome::done();
        }
        self.order(task, task.operation.as_str(), &task.key).await
    }
}

#[async_trait]
impl Connector for Simulator {
    /// A fault of the network is worth one more try at once: under the same key that can't charge twice.
    async fn perform(&self, task: &Task) -> Outcome {
        match self.send(task).await {
            Outcome::Unknown(_) => self.send(task).await,
            known => known,
        }
    }

    async fn look_up(&self, task: &Task) -> Found {
        let path = format!("/network/v1/charges/by-key/{}", task.key);
        match self.exchange(Method::GET, &path, Vec::new()).await {
            Ok((StatusCode::OK, bytes)) => match serde_json::from_slice::<Charge>(&bytes) {
                Ok(charge) => Found::Executed(charge.into()),
                Err(error) => Found::NoAnswer(error.to_string()),
            },
            Ok((StatusCode::NOT_FOUND, _)) => Found::Nothing,
            Ok((status, _)) => Found::NoAnswer(format!("the network answered {status}")),
            Err(reason) => Found::NoAnswer(reason),
        }
    }
    /// Under a key of its own, made of the operation's: giving up twice is giving up once.
    async fn give_up(&self, task: &Task) -> GivenUp {
        match self.order(task, "cancel", &format!("{}-cancel", task.key)).await {
            Outcome::Succeeded { .. } => GivenUp::Yes,
            Outcome::Declined(_) | Outcome::Failed(_) => GivenUp::TooLate,
            Outcome::Unknown(reason) => GivenUp::NoAnswer(reason),
            Outcome::RequiresAction { .. } | Outcome::GivenUp(_) => {
                GivenUp::NoAnswer("the network does not say whether it gave the charge up".to_owned())
            }
        }
    }

    async fn submit(&self, dispute: &Dispute, evidence: &Evidence) -> Submitted {
        let files = evidence.files.iter().map(
            |file| json!({ "name": file.name, "content_type": file.content_type, "sha256": file.sha256() }),
        );
        let body = json!({
            "connector_key": evidence.id,
            "text": evidence.text,
            "files": files.collect::<Vec<_>>(),
        });
        let path = format!("/network/v1/disputes/{}/evidence", dispute.reference);
        match self
            .exchange(Method::POST, &path, body.to_string().into_bytes())
            .await
        {
            Ok((status, _)) if status.is_success() => Submitted::Accepted,
            Ok((status, bytes)) if status.is_client_error() => {
                Submitted::Refused(String::from_utf8_lossy(&bytes).chars().take(500).collect())
            }
            Ok((status, _)) => Submitted::NoAnswer(format!("the network answered {status}")),
            Err(reason) => Submitted::NoAnswer(reason),
        }
    }

    fn verify(&self, raw: &RawWebhook, now: DateTime<Utc>) -> Result<VerifiedWebhook, WebhookRefusal> {
        self.secrets.verify(raw, now)
    }

    fn read(&self, body: &[u8]) -> Result<Told, String> {
        let event: Event = serde_json::from_slice(body).map_err(|error| error.to_string())?;
        match event.kind.as_str() {
            "charge.updated" => {
                let told: Keyed = serde_json::from_value(event.data).map_err(|error| error.to_string())?;
                Ok(Told::Operation {
                    key: told.connector_key,
                    outcome: told.charge.into(),
                })
            }
            "dispute.updated" => {
                let told: NetworkDispute =
                    serde_json::from_value(event.data).map_err(|error| error.to_string())?;
                Ok(Told::Dispute(DisputeNews {
                    reference: told.dispute_id,
                    charge: told.charge_id,
                    amount: Money::new(told.amount_minor, told.currency),
                    reason: told.reason,
                    state: told.state,
                    // Its word for a review is the same for one of a warning.
                    is_withdrawn: None,
                    evidence_due_at: told.evidence_due_at,
                    changed_at: told.updated_at,
                }))
            }
            other => Ok(Told::Nothing(format!(
                "events of the kind {other} are not followed"
            ))),
        }
    }
}
