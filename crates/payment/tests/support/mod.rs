//! A platform of payments, the simulated card network and a partner service that knows what a test tells it.
#![allow(
    dead_code,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "each test file uses its part, and a test reports a fault by panicking"
)]

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use chassis::{Database, Parts, Service};
use chrono::NaiveDate;
use contracts::events::{ContractChanged, PartnerChanged, PartnerStatus};
use contracts::internal::{PartnerLookup, PartnerLookupAnswer};
use http::{Method, StatusCode};
use ids::PartnerId;
use money::Currency;
use postgres::DatabaseSpec;
use serde_json::{Value, json};
use testkit::{Answer, Platform, PlatformBuilder, operator};
use utoipa_axum::router::OpenApiRouter;
use web::Body;

/// Partners that the partner service knows, those of all tests together: ids never repeat.
static PARTNERS: LazyLock<Mutex<HashMap<PartnerId, Known>>> = LazyLock::new(Mutex::default);

type Known = (PartnerChanged, Vec<ContractChanged>);

/// A partner service that answers from [`PARTNERS`], with an outbox to publish from.
pub fn partner_service() -> Service {
    Service {
        name: "partner",
        port: 8084,
        database: Some(Database {
            spec: DatabaseSpec {
                name: "partnerdb",
                role: "jeongsan_partner",
            },
            migrators: &[],
        }),
        settings: &[],
        start: |_| {
            Box::pin(async {
                let lookup = axum::routing::post(lookup);
                Ok(Parts {
                    routes: OpenApiRouter::new().route("/internal/v1/partners/lookup", lookup),
                })
            })
        },
    }
}

async fn lookup(Body(question): Body<PartnerLookup>) -> axum::Json<PartnerLookupAnswer> {
    let known = PARTNERS.lock().unwrap();
    let found: Vec<_> = question
        .partner_ids
        .iter()
        .filter_map(|id| known.get(id))
        .collect();
    axum::Json(PartnerLookupAnswer {
        partners: found.iter().map(|(partner, _)| partner.clone()).collect(),
        contracts: found
            .iter()
            .flat_map(|(_, contracts)| contracts.clone())
            .collect(),
    })
}

/// A partner that sells, with a contract in each of these currencies.
pub fn partner(currencies: &[Currency]) -> PartnerId {
    partner_in(PartnerStatus::Active, currencies)
}

pub fn partner_in(status: PartnerStatus, currencies: &[Currency]) -> PartnerId {
    let id = PartnerId::generate();
    let told = PartnerChanged {
        status,
        ..testkit::events::partner_changed(id)
    };
    let contracts = currencies.iter().map(|currency| {
        let mut contract =
            testkit::events::contract_changed(id, NaiveDate::from_ymd_opt(2026, 1, 1).unwrap());
        contract.terms.currency = *currency;
        contract
    });
    let contracts = contracts.collect();
    PARTNERS.lock().unwrap().insert(id, (told, contracts));
    id
}

/// A partner that sells in won.
pub fn shop() -> PartnerId {
    partner(&[Currency::KRW])
}

/// The services.
pub fn platform() -> PlatformBuilder {
    Platform::of(&[partner_service(), simulator::service(), payment::service()])
        .setting("payment.connector_timeout_ms", "20000")
}

/// The same, with a network that is slower than anyone waits for.
pub fn impatient() -> PlatformBuilder {
    Platform::of(&[partner_service(), simulator::service(), payment::service()])
        .setting("payment.connector_timeout_ms", "1500")
        .setting("simulator.slow_ms", "3000")
        .setting("simulator.withhold_ms", "5000")
}

/// A payment of 10,000 won by card.
pub fn card(reference: &str, shop: PartnerId, token: &str) -> Value {
    json!({
        "order_reference": reference, "currency": "KRW", "connector": "simulator",
        "lines": [{"partner_id": shop, "unit_price_minor": 10_000}],
        "tenders": [{"kind": "card", "amount_minor": 10_000, "token": token}],
    })
}

/// The same, captured later.
pub fn held(reference: &str, shop: PartnerId, token: &str) -> Value {
    let mut body = card(reference, shop, token);
    body["capture"] = json!("manual");
    body
}

/// A payment of 10,000 won that was taken elsewhere.
pub fn external(reference: &str, shop: PartnerId) -> Value {
    json!({
        "order_reference": reference, "currency": "KRW", "connector": "external",
        "lines": [{"partner_id": shop, "unit_price_minor": 10_000}],
        "tenders": [{"kind": "bank_transfer", "amount_minor": 10_000}],
    })
}

pub async fn post_with_key(platform: &Platform, path: &str, key: &str, body: &Value) -> Answer {
    post_with(platform, path, &[("idempotency-key", key)], body).await
}

pub async fn post_with(platform: &Platform, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
    platform
        .send(
            "payment",
            Some(&operator()),
            Method::POST,
            path,
            headers,
            Some(body),
        )
        .await
}

/// How often the network took money, and how many charges it made.
pub async fn charges(platform: &Platform) -> (i64, i64) {
    let path = "/network/v1/journal/count";
    let answer = platform
        .send("simulator", None, Method::GET, path, &[], None)
        .await;
    let count = answer.expect(200);
    (
        count["captured"].as_i64().unwrap(),
        count["charges"].as_i64().unwrap(),
    )
}

/// Reads a payment until it is in `status`.
pub async fn until(platform: &Platform, id: &str, status: &str) -> Value {
    let path = format!("/v1/payments/{id}");
    let waiting = async {
        loop {
            let payment = platform.get("payment", &path).await.expect(200);
            if payment["status"] == status {
                return payment;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(30), waiting).await;
    in_time.unwrap_or_else(|_| unreachable!("{id} did not become {status} in time"))
}

/// How many events of that topic tell of that payment.
pub async fn published(platform: &Platform, topic: &str, payment_id: &str) -> i64 {
    sqlx::query_scalar("select count(*) from bus.outbox where topic = $1 and aggregate = $2")
        .bind(topic)
        .bind(payment_id)
        .fetch_one(platform.database("payment").db().pool())
        .await
        .unwrap()
}

pub fn id(answer: &Value) -> String {
    answer["id"].as_str().expect("a payment").to_owned()
}

pub fn is_replay(answer: &Answer) -> bool {
    answer.headers.contains_key("idempotent-replayed")
}

pub fn is_created(answer: &Answer) -> bool {
    answer.status == StatusCode::CREATED
}
