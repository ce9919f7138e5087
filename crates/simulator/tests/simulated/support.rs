//! A network, whoever uses it, and somebody who takes its webhooks.
#![allow(
    dead_code,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "tests, of which none uses everything"
)]

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chassis::{Parts, Service};
use hmac::{Hmac, KeyInit, Mac};
use http::Method;
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::event_log::eventually;
use testkit::{Answer, Platform, PlatformBuilder};

/// A network that makes nobody wait.
pub fn network() -> PlatformBuilder {
    quick(Platform::of(&[simulator::service()]))
}

/// The same, with a receiver of its webhooks.
pub fn network_and_receiver() -> PlatformBuilder {
    quick(Platform::of(&[simulator::service(), receiver()]))
}

fn quick(builder: PlatformBuilder) -> PlatformBuilder {
    builder
        .setting("simulator.slow_ms", "1")
        .setting("simulator.withhold_ms", "1")
        .setting("simulator.late_ms", "50")
}

pub async fn send(platform: &Platform, method: Method, path: &str, body: Option<&Value>) -> Answer {
    platform.send("simulator", None, method, path, &[], body).await
}

pub async fn get_from(platform: &Platform, path: &str) -> Answer {
    send(platform, Method::GET, path, None).await
}

pub async fn post_to(platform: &Platform, path: &str, body: &Value) -> Answer {
    send(platform, Method::POST, path, Some(body)).await
}

/// An order of 1,000 won that makes a charge; its key is `key`.
pub fn order(key: &str, operation: &str, token: &str) -> Value {
    json!({"connector_key": key, "operation": operation, "amount_minor": 1000, "currency": "KRW", "token": token})
}

pub async fn charge(platform: &Platform, body: &Value) -> Answer {
    post_to(platform, "/network/v1/charges", body).await
}

/// Makes a charge; gives its id.
pub async fn make(platform: &Platform, operation: &str, token: &str) -> String {
    let entry = charge(platform, &order("made", operation, token))
        .await
        .expect(200);
    entry["result_charge_id"].as_str().unwrap().to_owned()
}

/// Does something with a charge, under a key of its own; gives the entry.
pub async fn follow(platform: &Platform, charge_id: &str, operation: &str, amount_minor: i64) -> Value {
    let count = total(platform, "entries").await;
    let mut body = order(&format!("{operation}-{count}"), operation, "");
    body["amount_minor"] = json!(amount_minor);
    body["charge_id"] = json!(charge_id);
    charge(platform, &body).await.expect(200)
}

pub async fn total(platform: &Platform, name: &str) -> i64 {
    let answer = get_from(platform, "/network/v1/journal/count").await;
    answer.expect(200)[name].as_i64().unwrap()
}

pub async fn by_key(platform: &Platform, key: &str) -> Value {
    let path = format!("/network/v1/charges/by-key/{key}");
    get_from(platform, &path).await.expect(200)
}

/// Waits until the entry of that key has that outcome.
pub async fn ends(platform: &Platform, key: &str, outcome: &str) -> Value {
    eventually(|| by_key(platform, key), |entry| entry["outcome"] == outcome).await
}

/// A delivery, as the receiver got it.
#[derive(Debug, Clone)]
pub struct Delivery {
    pub id: String,
    pub body: Value,
    pub text: String,
    pub is_signed: bool,
    /// What the receiver answered.
    pub status: u64,
}

/// Everything that was delivered so far.
pub async fn delivered(platform: &Platform) -> Vec<Delivery> {
    let received = platform.get("payment", "/received").await.expect(200);
    let deliveries = received.as_array().unwrap().iter();
    deliveries
        .map(|one| {
            let text = |name: &str| one[name].as_str().unwrap().to_owned();
            Delivery {
                id: text("id"),
                body: serde_json::from_str(&text("body")).unwrap(),
                text: text("body"),
                is_signed: text("signature") == signature(&text("id"), &text("timestamp"), &text("body")),
                status: one["status"].as_u64().unwrap(),
            }
        })
        .collect()
}

/// Waits for that many deliveries.
pub async fn deliveries(platform: &Platform, count: usize) -> Vec<Delivery> {
    eventually(|| delivered(platform), |all| all.len() >= count).await
}

/// Waits until the journal has that many acknowledgements, in the folder that was set as `data_dir`.
pub async fn acknowledged(folder: &std::path::Path, count: usize) {
    let path = folder.join("simulator/journal.jsonl");
    let acknowledgements = || async {
        let text = std::fs::read_to_string(&path).unwrap();
        text.matches(r#""note":"acknowledged""#).count()
    };
    eventually(acknowledgements, |seen| *seen == count).await;
}

/// Has the receiver answer the next deliveries with these statuses.
pub async fn answer_with(platform: &Platform, statuses: &[u16]) {
    let answer = platform.post("payment", "/answers", &json!(statuses)).await;
    answer.expect(200);
}

/// Computed from the specification, apart from the simulator's own.
fn signature(id: &str, timestamp: &str, body: &str) -> String {
    let key = STANDARD
        .decode("c2ltdWxhdG9yLWZvci10ZXN0cy1vbmx5LTAwMDE=")
        .unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

#[derive(Clone, Default)]
struct Receiver {
    received: Arc<Mutex<Vec<Value>>>,
    answers: Arc<Mutex<Vec<u16>>>,
}

/// Stands in for the payment service: notes what comes, and answers as it is told.
fn receiver() -> Service {
    Service {
        name: "payment",
        port: 8083,
        database: None,
        settings: &[],
        start: |_| {
            Box::pin(async {
                let routes = Router::new()
                    .route("/v1/webhooks/simulator", post(receive))
                    .route("/received", get(received))
                    .route("/answers", post(answers))
                    .with_state(Receiver::default());
                Ok(Parts {
                    routes: routes.into(),
                })
            })
        },
    }
}

async fn receive(State(receiver): State<Receiver>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let header = |name: &str| headers[name].to_str().unwrap().to_owned();
    let mut answers = receiver.answers.lock().unwrap();
    let status = if answers.is_empty() {
        204
    } else {
        answers.remove(0)
    };
    receiver.received.lock().unwrap().push(json!({
        "id": header("webhook-id"), "timestamp": header("webhook-timestamp"),
        "signature": header("webhook-signature"), "body": String::from_utf8(body.to_vec()).unwrap(),
        "status": status,
    }));
    StatusCode::from_u16(status).unwrap()
}

async fn received(State(receiver): State<Receiver>) -> Json<Vec<Value>> {
    Json(receiver.received.lock().unwrap().clone())
}

async fn answers(State(receiver): State<Receiver>, Json(statuses): Json<Vec<u16>>) {
    *receiver.answers.lock().unwrap() = statuses;
}
