//! A small marketplace: partners, contracts and payments as request bodies.

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::Api;

/// Terms in KRW: a share of `rate_ppm`, 10 % VAT on top, daily windows, paid two business days later.
pub fn contract_terms(rate_ppm: u32) -> Value {
    json!({
        "currency": "KRW",
        "rate_ppm": rate_ppm,
        "cycle": { "kind": "daily" },
        "payout": { "days": 2 },
    })
}

/// Makes a partner with a contract that is in force since 2020, and returns its id.
pub async fn partner_with_contract(api: &Api, reference: &str, terms: &Value) -> Result<String> {
    let partner = json!({ "reference": reference, "name": reference, "kind": "company" });
    let made = api
        .post("/v1/partners", &format!("partner-{reference}"), &partner)
        .await?
        .ok()?;
    let id = made
        .get("id")
        .and_then(Value::as_str)
        .context("a partner has an id")?
        .to_owned();
    let contract = json!({ "partner_id": id, "valid_from": "2020-01-01", "terms": terms });
    api.post("/v1/contracts", &format!("contract-{reference}"), &contract)
        .await?
        .ok()?;
    Ok(id)
}

/// A payment through the simulator of one line at `price_minor` KRW, by a card with that test token.
pub fn platform_payment(order: &str, partner_id: &str, price_minor: i64, token: &str) -> Value {
    json!({
        "order_reference": order,
        "currency": "KRW",
        "lines": [{ "partner_id": partner_id, "unit_price_minor": price_minor }],
        "tenders": [{ "kind": "card", "amount_minor": price_minor, "token": token }],
        "connector": "simulator",
    })
}

/// A payment taken elsewhere: one line at `owed_minor` KRW, `paid_minor` by bank transfer, at that instant.
pub fn external_payment(
    order: &str,
    partner_id: &str,
    owed_minor: i64,
    paid_minor: i64,
    sold_at: &str,
) -> Value {
    json!({
        "order_reference": order,
        "currency": "KRW",
        "lines": [{ "partner_id": partner_id, "unit_price_minor": owed_minor }],
        "tenders": [{ "kind": "bank_transfer", "amount_minor": paid_minor }],
        "connector": "external",
        "sold_at": sold_at,
    })
}
