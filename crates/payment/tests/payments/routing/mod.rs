//! Payments whose caller names no connector, offered to the simulated network and to a double of Stripe.

mod bounds;
mod crashes;
mod fallback;
mod rules;
mod tenders;
mod webhooks;
mod wellbeing;

use ids::PartnerId;
use serde_json::{Value, json};
use testkit::{Platform, PlatformBuilder};

use crate::gate;
use crate::stripe_double::{self, StripeDouble};
use crate::support::partner_service;

/// Both connectors; nobody waits for long.
fn both(double: &StripeDouble) -> PlatformBuilder {
    let services = [partner_service(), gate::network(), payment::service()];
    stripe_double::settings(Platform::of(&services), double)
}

async fn started() -> (Platform, StripeDouble) {
    let double = StripeDouble::start().await;
    let platform = both(&double).start().await;
    double.tell(platform.address("payment"));
    (platform, double)
}

/// A payment of 10,000 won by card, offered to whoever has a token.
fn offered(reference: &str, shop: PartnerId, tokens: &[(&str, &str)]) -> Value {
    several(reference, shop, &[("card", 10_000, tokens)])
}

/// Kind, amount, and a token for each connector.
type Tender<'a> = (&'a str, i64, &'a [(&'a str, &'a str)]);

/// The same by several means.
fn several(reference: &str, shop: PartnerId, tenders: &[Tender<'_>]) -> Value {
    let tender = |(kind, amount, tokens): &Tender<'_>| {
        let tokens: serde_json::Map<_, _> = tokens
            .iter()
            .map(|(of, token)| ((*of).to_owned(), json!(token)))
            .collect();
        json!({"kind": kind, "amount_minor": amount, "tokens": tokens})
    };
    let all: i64 = tenders.iter().map(|(_, amount, _)| amount).sum();
    json!({
        "order_reference": reference, "currency": "KRW",
        "lines": [{"partner_id": shop, "unit_price_minor": all}],
        "tenders": tenders.iter().map(tender).collect::<Vec<_>>(),
    })
}

/// Writes rules in the place of those that stand there.
async fn write_rules(platform: &Platform, rules: &Value) -> Value {
    let now = platform.get("payment", "/v1/routing").await.expect(200);
    let body = json!({"expected_version": now["version"], "rules": rules});
    put(platform, &body).await.expect(200)
}

async fn put(platform: &Platform, body: &Value) -> testkit::Answer {
    let caller = testkit::operator();
    let put = http::Method::PUT;
    platform
        .send("payment", Some(&caller), put, "/v1/routing", &[], Some(body))
        .await
}

/// Has the next payments go to that connector only.
async fn send_to(platform: &Platform, connector: &str) {
    write_rules(
        platform,
        &json!([{"connectors": [{"connector": connector, "weight": 1}]}]),
    )
    .await;
}

/// The way that was decided for a payment, and who was asked for what on it: operation, state, cause.
async fn way(platform: &Platform, payment: &str) -> (Vec<String>, Vec<[String; 4]>) {
    let path = format!("/v1/payments/{payment}/timeline");
    let timeline = platform.get("payment", &path).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let items = timeline["items"].as_array().unwrap();
    let of = |kind: &'static str| {
        items
            .iter()
            .filter(move |item| item["kind"] == kind)
            .map(|item| &item["data"])
    };
    let route = of("route").flat_map(|route| route["connectors"].as_array().unwrap().iter().map(text));
    let asked = of("operation")
        .map(|data| ["connector", "operation", "state", "cause"].map(|field| text(&data[field])));
    (route.collect(), asked.collect())
}

/// A row of what [`way`] tells.
fn asked(row: &str) -> [String; 4] {
    let words: Vec<String> = row.split(' ').map(str::to_owned).collect();
    words.try_into().unwrap()
}

/// What the double did, of what moves money.
fn executed(double: &StripeDouble) -> Vec<&'static str> {
    double.executed().iter().map(|done| done.operation).collect()
}
