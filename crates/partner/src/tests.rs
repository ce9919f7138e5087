//! Rules that need a database.

mod batches;
mod partners;
mod routes;
mod versions;

use bus::Outbox;
use chrono::{DateTime, Utc};
use contracts::Caller;
use contracts::events::PartnerKind;
use ids::{ContractId, PartnerId};
use once::{Answer, KeyedRequest};
use serde_json::{Value, json};
use testkit::Database;
use web::IdempotencyKey;

use crate::domain::{Contract, NewPartner, NewVersion, Partner};
use crate::error::Error;
use crate::ops::{self, Request};

/// 2026-12-01 09:00 in Seoul.
fn now() -> DateTime<Utc> {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

async fn database() -> Database {
    Database::for_service(&crate::service()).await
}

/// A request under a key of its own.
fn request() -> Request {
    let caller = Caller {
        id: "usr_operator".into(),
        roles: vec![],
    };
    let key = IdempotencyKey(ids::RequestId::generate().to_string());
    Request {
        keyed: KeyedRequest::new(&caller, "POST /test", &key, &json!({})),
        caller: caller.id,
        now: now(),
    }
}

#[allow(clippy::unnecessary_wraps, reason = "the form that the operations ask for")]
fn bare<T>(_: &T) -> Result<Answer, Error> {
    Ok(Answer {
        status: 201,
        body: Vec::new(),
        subject: None,
    })
}

fn new_partner(reference: &str) -> NewPartner {
    NewPartner::parse(reference.into(), "A shop".into(), PartnerKind::Company).unwrap()
}

fn version(valid_from: &str, changes: &Value, reason: Option<&str>) -> NewVersion {
    let mut terms = json!({
        "currency": "KRW", "rate_ppm": 120_000, "cycle": {"kind": "daily"}, "payout": {"days": 3},
    });
    for (field, value) in changes.as_object().unwrap() {
        terms[field] = value.clone();
    }
    let terms = serde_json::from_value(terms).unwrap();
    NewVersion::parse(valid_from.parse().unwrap(), terms, reason.map(str::to_owned)).unwrap()
}

async fn made_partner(outbox: &Outbox, reference: &str) -> Partner {
    let mut made = None;
    let keep = |partner: &Partner| {
        made = Some(partner.clone());
        bare(partner)
    };
    ops::make_partner(outbox, &request(), &new_partner(reference), keep)
        .await
        .unwrap();
    made.unwrap()
}

async fn made_contract(outbox: &Outbox, partner: PartnerId, first: &NewVersion) -> Contract {
    let mut made = None;
    let keep = |contract: &Contract| {
        made = Some(contract.clone());
        bare(contract)
    };
    ops::make_contract(outbox, &request(), partner, first, keep)
        .await
        .unwrap();
    made.unwrap()
}

/// How many events of a topic tell of an aggregate.
async fn told(outbox: &Outbox, topic: &str, aggregate: &str) -> i64 {
    sqlx::query_scalar!(
        r#"select count(*) as "count!" from bus.outbox where topic = $1 and aggregate = $2"#,
        topic,
        aggregate
    )
    .fetch_one(outbox.db().pool())
    .await
    .unwrap()
}

async fn told_of_partner(outbox: &Outbox, id: PartnerId) -> i64 {
    told(outbox, "partner-changed", &id.to_string()).await
}

async fn told_of_contract(outbox: &Outbox, id: ContractId) -> i64 {
    told(outbox, "contract-changed", &id.to_string()).await
}
