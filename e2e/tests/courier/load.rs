//! Clients that pay, always in the same way.

use anyhow::{Context as _, Result, ensure};
use e2e::{Api, contract_terms, external_payment, partner_with_contract, platform_payment};
use http::Method;
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::{Value, json};

const PARTNERS: u64 = 6;
/// How often each partner gets another name: aggregates with many events.
const NAMES: u64 = 10;
/// Payments that are asked for at a time.
const AT_A_TIME: usize = 16;

/// Pays, renames partners meanwhile, and lets settlement go on when everything is paid: what arrives late is not to
/// decide in which statement a line stands.
pub async fn run(api: &Api, seed: u64, payments: u64) -> Result<()> {
    let hold = json!({ "reason": "the load is still arriving", "lease_seconds": 600 });
    let path = "/v1/settlement-holds";
    let hold = api.send(Method::POST, path, None, Some(&hold), &[]).await?.ok()?;
    let mut partners = Vec::new();
    for n in 0..PARTNERS {
        partners.push(partner_with_contract(api, &format!("partner-{n}"), &contract_terms(95_000)).await?);
    }
    let mut orders = (0..payments)
        .map(|n| order(seed, n, &partners))
        .collect::<Vec<_>>();
    let names = (0..NAMES).flat_map(|name| partners.iter().map(move |partner| (name, partner.clone())));
    let mut names = names.collect::<Vec<_>>().into_iter();
    while !orders.is_empty() {
        let rest = orders.split_off(orders.len().min(AT_A_TIME));
        let asked = orders.drain(..).map(|body| {
            let api = api.clone();
            tokio::spawn(async move { pay(&api, &body).await })
        });
        for asked in asked.collect::<Vec<_>>() {
            asked.await??;
        }
        orders = rest;
        if let Some((name, partner)) = names.next() {
            rename(api, &partner, name).await?;
        }
    }
    for (name, partner) in names {
        rename(api, &partner, name).await?;
    }
    let id = hold
        .get("id")
        .and_then(Value::as_str)
        .context("a hold has an id")?;
    api.send(Method::DELETE, &format!("{path}/{id}"), None, None, &[])
        .await?
        .ok()?;
    Ok(())
}

async fn pay(api: &Api, body: &Value) -> Result<()> {
    let key = body
        .get("order_reference")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let answer = api.post("/v1/payments", key, body).await?;
    ensure!(!answer.status.is_server_error(), "{key}: {answer:?}");
    Ok(())
}

async fn rename(api: &Api, partner: &str, name: u64) -> Result<()> {
    let body = json!({ "name": format!("Name {name}") });
    let path = format!("/v1/partners/{partner}");
    let key = format!("rename-{partner}-{name}");
    api.send(Method::PATCH, &path, Some(&key), Some(&body), &[])
        .await?
        .ok()?;
    Ok(())
}

/// Most are paid elsewhere, some through the simulator, and some of those are declined.
fn order(seed: u64, n: u64, partners: &[String]) -> Value {
    let mut rng = StdRng::seed_from_u64(seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let partner = &partners[rng.random_range(0..partners.len())];
    let amount = rng.random_range(1_000..500_000);
    let reference = format!("order-{n}");
    match rng.random_range(0..10) {
        0 => platform_payment(&reference, partner, amount, "tok_ok"),
        1 => platform_payment(&reference, partner, amount, "tok_declined"),
        _ => {
            let paid = amount - i64::from(rng.random_bool(0.1));
            let day = rng.random_range(1..28);
            let sold_at = format!("2026-09-{day:02}T03:00:00Z");
            external_payment(&reference, partner, amount, paid, &sold_at)
        }
    }
}
