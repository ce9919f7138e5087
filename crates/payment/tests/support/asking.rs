//! What a test asks of payments, of the network and of the event log.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "each test file uses its part, and a test reports a fault by panicking"
)]

use std::time::Duration;

use http::Method;
use ids::PartnerId;
use serde_json::{Value, json};
use testkit::{Answer, Platform};

use crate::support::{id, until};

/// Where a command is sent.
pub fn path(payment: &str, command: &str) -> String {
    let word = match command {
        "refund" => "refunds",
        "increment" => "increments",
        word => word,
    };
    format!("/v1/payments/{payment}/{word}")
}

/// Asks for a command, under a key of its own.
pub async fn ask(platform: &Platform, payment: &str, command: &str, body: Value) -> Answer {
    platform.post("payment", &path(payment, command), &body).await
}

/// A payment as it is read now.
pub async fn read(platform: &Platform, payment: &str) -> Value {
    let path = format!("/v1/payments/{payment}");
    platform.get("payment", &path).await.expect(200)
}

/// Makes a payment, and waits until nothing is open on it.
pub async fn made(platform: &Platform, body: &Value, status: &str) -> String {
    let answer = platform.post("payment", "/v1/payments", body).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    let payment = id(&answer.body);
    until(platform, &payment, status).await;
    payment
}

pub fn minor(amount: i64) -> Value {
    json!({ "amount_minor": amount })
}

/// Parts of lines, by their numbers.
pub fn parts(lines: &[(i32, i64)]) -> Value {
    let part = |(number, amount): &(i32, i64)| json!({"line_number": number, "amount_minor": amount});
    json!({"lines": lines.iter().map(part).collect::<Vec<_>>()})
}

/// A payment of these lines by these tenders: kind, amount and token.
pub fn order(reference: &str, shop: PartnerId, lines: &[i64], tenders: &[(&str, i64, &str)]) -> Value {
    let line = |price: &i64| json!({"partner_id": shop, "unit_price_minor": price});
    let tender = |(kind, amount, token): &(&str, i64, &str)| json!({"kind": kind, "amount_minor": amount, "token": token});
    json!({
        "order_reference": reference, "currency": "KRW", "connector": "simulator",
        "lines": lines.iter().map(line).collect::<Vec<_>>(),
        "tenders": tenders.iter().map(tender).collect::<Vec<_>>(),
    })
}

/// The same, captured later.
pub fn kept(mut body: Value) -> Value {
    body["capture"] = json!("manual");
    body
}

/// More for a payment: one line of that price, on that tender where it says one.
pub fn more(shop: PartnerId, price: i64, tender: Option<i32>) -> Value {
    let mut body = json!({"lines": [{"partner_id": shop, "unit_price_minor": price}]});
    if let Some(number) = tender {
        body["tender_number"] = json!(number);
    }
    body
}

/// What is held, taken, let go and given back in all.
pub fn sums(payment: &Value) -> [i64; 4] {
    let sum = |field: &str| -> i64 {
        let tenders = payment["tenders"].as_array().unwrap();
        tenders.iter().map(|tender| tender[field].as_i64().unwrap()).sum()
    };
    let (captured, voided) = (sum("captured_minor"), sum("voided_minor"));
    let held = sum("authorized_minor") - captured - voided;
    [held, captured, voided, sum("refunded_minor")]
}

/// The operations of a payment in their order: tender, operation, state, amount.
pub async fn operations(platform: &Platform, payment: &str) -> Vec<(i32, String, String, i64)> {
    let payment: ids::PaymentId = payment.parse().unwrap();
    sqlx::query_as(
        "select tender_number, operation, state, amount_minor from transactions where payment_id = $1
          order by created_at, transaction_id",
    )
    .bind(payment.as_uuid())
    .fetch_all(platform.database("payment").db().pool())
    .await
    .unwrap()
}

/// The last operation of a payment, by its name outside.
pub async fn last_operation(platform: &Platform, payment: &str) -> String {
    let payment: ids::PaymentId = payment.parse().unwrap();
    let last: uuid::Uuid = sqlx::query_scalar(
        "select transaction_id from transactions where payment_id = $1
          order by created_at desc, transaction_id desc limit 1",
    )
    .bind(payment.as_uuid())
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap();
    ids::TransactionId::from_uuid(last).to_string()
}

/// What was told of a payment on a topic, in its order.
pub async fn told(platform: &Platform, topic: &str, payment: &str) -> Vec<Value> {
    sqlx::query_scalar("select payload from bus.outbox where topic = $1 and aggregate = $2 order by number")
        .bind(topic)
        .bind(payment)
        .fetch_all(platform.database("payment").db().pool())
        .await
        .unwrap()
}

/// The network's journal, as it is now.
pub async fn journal(platform: &Platform) -> Vec<Value> {
    let mut entries = Vec::new();
    loop {
        let path = format!("/network/v1/journal?after={}&limit=1000", entries.len());
        let page = platform
            .send("simulator", None, Method::GET, &path, &[], None)
            .await;
        let page = page.expect(200)["data"].as_array().unwrap().clone();
        if page.is_empty() {
            return entries;
        }
        entries.extend(page);
    }
}

/// What the network did for a payment, in its order: operation, amount, outcome.
pub async fn executed(platform: &Platform, payment: &str) -> Vec<(String, i64, String)> {
    let payment: ids::PaymentId = payment.parse().unwrap();
    let ids: Vec<uuid::Uuid> =
        sqlx::query_scalar("select transaction_id from transactions where payment_id = $1")
            .bind(payment.as_uuid())
            .fetch_all(platform.database("payment").db().pool())
            .await
            .unwrap();
    let keys: Vec<String> = ids
        .into_iter()
        .map(|id| ids::TransactionId::from_uuid(id).to_string())
        .collect();
    let own = |entry: &Value| keys.iter().any(|key| entry["connector_key"] == key.as_str());
    let word = |entry: &Value, field: &str| entry[field].as_str().unwrap().to_owned();
    let entries = journal(platform).await.into_iter().filter(own);
    entries
        .map(|entry| {
            let amount = entry["amount_minor"].as_i64().unwrap();
            (word(&entry, "operation"), amount, word(&entry, "outcome"))
        })
        .collect()
}

/// Looks until something is there.
pub async fn eventually<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(found) = look().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_mins(1), looking).await;
    in_time.unwrap_or_else(|_| unreachable!("{what}: not in time"))
}
