//! The simulated card network.

use async_trait::async_trait;
use axum::body::{Body, to_bytes};
use axum::http::{Method, Request, StatusCode, header};
use chassis::Peers;
use serde::Deserialize;
use serde_json::json;

use super::{Connector, Found, Outcome};
use crate::domain::Failure;
use crate::store::transactions::Task;

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Reaches the service of that name.
pub(super) struct Simulator {
    peers: Peers,
}

/// The part of its answer that counts.
#[derive(Debug, Deserialize)]
struct Charge {
    outcome: ChargeOutcome,
    result_charge_id: Option<String>,
    decline_code: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ChargeOutcome {
    Approved,
    Declined,
}

impl From<Charge> for Outcome {
    fn from(charge: Charge) -> Self {
        match charge.outcome {
            ChargeOutcome::Approved => Self::Succeeded(charge.result_charge_id),
            ChargeOutcome::Declined => Self::Declined(Failure {
                code: charge.decline_code.unwrap_or_else(|| "declined".to_owned()),
                detail: "the card network declined it; the buyer may try another card".to_owned(),
            }),
        }
    }
}

impl Simulator {
    pub(super) fn new(peers: Peers) -> Self {
        Self { peers }
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

    async fn send(&self, task: &Task) -> Outcome {
        let order = json!({
            "connector_key": task.key,
            "operation": task.operation.as_str(),
            "amount_minor": task.amount.amount_minor(),
            "currency": task.amount.currency(),
            "token": task.token.as_deref().unwrap_or_default(),
            "charge_id": task.charge,
        });
        let answer = self
            .exchange(
                Method::POST,
                "/network/v1/charges",
                order.to_string().into_bytes(),
            )
            .await;
        match answer {
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

    async fn look_up(&self, key: &str) -> Found {
        let path = format!("/network/v1/charges/by-key/{key}");
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
}
