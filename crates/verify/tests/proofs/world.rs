//! Running services, what is told to them, and what the proof says of them.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use contracts::events::PaymentCompleted;
use contracts::{Caller, Event, Role};
use http::Method;
use ids::UserId;
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;
use testkit::{Answer, Platform};
use verify::{Check, Options, Report};

const SERVICES: [&str; 7] = [
    "user",
    "payment",
    "settlement",
    "partner",
    "accounting",
    "notification",
    "reporting",
];

pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

pub async fn started() -> Platform {
    started_with(&[]).await
}

/// The same beside these services.
pub async fn started_with(others: &[chassis::Service]) -> Platform {
    let own = [
        user::service(),
        partner::service(),
        payment::service(),
        settlement::service(),
        accounting::service(),
        notification::service(),
        reporting::service(),
    ];
    Platform::of(&[others, &own[..]].concat())
        .setting("settlement.interval_ms", "100")
        .start()
        .await
}

pub async fn partner(platform: &Platform, reference: &str, terms: Option<&Value>) -> String {
    let partner = json!({ "reference": reference, "name": reference, "kind": "company" });
    let made = post(platform, "partner", "/v1/partners", &partner)
        .await
        .expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    if let Some(terms) = terms {
        let contract = json!({ "partner_id": id, "valid_from": "2020-01-01", "terms": terms });
        post(platform, "partner", "/v1/contracts", &contract)
            .await
            .expect(201);
    }
    id
}

/// In the name of somebody whom the proof takes for a user.
pub async fn post(platform: &Platform, service: &'static str, path: &str, body: &Value) -> Answer {
    send(platform, Method::POST, service, path, body).await
}

pub async fn send(
    platform: &Platform,
    method: Method,
    service: &'static str,
    path: &str,
    body: &Value,
) -> Answer {
    let caller = Caller {
        id: UserId::generate().to_string(),
        roles: vec![Role::Operator],
    };
    let key = UserId::generate().to_string();
    let headers = [("idempotency-key", key.as_str())];
    platform
        .send(service, Some(&caller), method, path, &headers, Some(body))
        .await
}

/// A payment that took `paid` elsewhere for these lines, as it was told of.
pub async fn pay(
    platform: &Platform,
    order: &str,
    lines: &Value,
    paid: i64,
    sold_at: &str,
) -> PaymentCompleted {
    let body = json!({
        "order_reference": order, "currency": "KRW", "connector": "external", "sold_at": sold_at, "lines": lines,
        "tenders": [{ "kind": "bank_transfer", "amount_minor": paid }],
    });
    let id = loop {
        let answer = post(platform, "payment", "/v1/payments", &body).await;
        if answer.status.is_success() {
            break answer.body["id"].as_str().unwrap().to_owned();
        }
        // The payment service hears of new partners by and by.
        assert_eq!(answer.status.as_u16(), 422, "{}", answer.body);
    };
    let told: Value = sqlx::query_scalar(
        "select payload from bus.outbox where topic = 'payment-completed' and payload ->> 'payment_id' = $1",
    )
    .bind(&id)
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap();
    serde_json::from_value(told).unwrap()
}

/// Publishes in the name of the payment service.
pub async fn publish<E: Event>(platform: &Platform, events: &[(&E, DateTime<Utc>)]) {
    let mut work = platform.database("payment").outbox().begin().await.unwrap();
    for (event, at) in events {
        work.publish(*event, *at).unwrap();
    }
    work.commit().await.unwrap();
}

pub async fn verified(platform: &Platform) -> Report {
    let sources: BTreeMap<&'static str, String> = SERVICES
        .iter()
        .map(|name| (*name, platform.database(name).url().to_owned()))
        .collect();
    Box::pin(verify::verify(&sources, &Options::default()))
        .await
        .unwrap()
}

/// The checks that found something, but for those of the payment service's own rows, unless `of` names them.
pub fn broken<'a>(report: &'a Report, of: &str) -> Vec<&'a Check> {
    let own = |check: &&Check| {
        (check.name.starts_with("payment_") || check.name.starts_with("payments_"))
            && !check.name.ends_with("_booked")
            && check.name != of
    };
    report.broken().filter(|check| !own(check)).collect()
}

pub async fn quiet(platform: &Platform, of: &str) -> Report {
    loop {
        let report = verified(platform).await;
        assert!(broken(&report, of).is_empty(), "{:#?}", broken(&report, of));
        let open: i64 = sqlx::query_scalar(
            "select (select count(*) from windows where state <> 'settled') + (select count(*) from pricing_requests)",
        )
        .fetch_one(platform.database("settlement").db().pool())
        .await
        .unwrap();
        if report.in_flight() == 0 && open == 0 {
            return report;
        }
    }
}

pub async fn change(platform: &Platform, service: &str, table: &str, sql: &str) {
    let pool = platform.database(service).db().pool().clone();
    // Whoever owns a table may go around its guards.
    let script =
        format!("alter table {table} disable trigger user; {sql}; alter table {table} enable trigger user");
    sqlx::raw_sql(AssertSqlSafe(script)).execute(&pool).await.unwrap();
}
