//! Many clients, few keys, a slow network, two copies of the payment service: every payment is made once.
//!
//! `JEONGSAN_RACE_KEYS` says how many keys (60 if left out).

use anyhow::{Context, Result, ensure};
use e2e::{Api, Mode, Platform, contract_terms, eventually, partner_with_contract, platform_payment};
use serde_json::Value;

const CLIENTS: usize = 64;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_clients_with_one_key_make_one_payment() -> Result<()> {
    let keys: usize = std::env::var("JEONGSAN_RACE_KEYS")
        .ok()
        .and_then(|t| t.parse().ok())
        .unwrap_or(60);
    let mut platform = Platform::start_with(Mode::Split, &[("simulator.latency_ms", "150")]).await?;
    // A second copy on a port of its own, and a second gateway that passes payments to that one.
    let (payment, gateway) = (platform.base_port() + 12, platform.base_port() + 13);
    platform.launch_with(
        "payment-2",
        &["serve", "payment"],
        &[("payment.port", &payment.to_string())],
    )?;
    let second = format!("http://127.0.0.1:{payment}");
    platform.launch_with(
        "gateway-2",
        &["serve", "gateway"],
        &[("gateway.port", &gateway.to_string()), ("payment.url", &second)],
    )?;
    let api = platform.api()?;
    let other = Api::new(format!("http://127.0.0.1:{gateway}"), api.key());
    for probe in [Api::new(second, ""), Api::new(other.base(), "")] {
        eventually("the second copies", || async {
            probe.get("/readyz").await.map(Some)
        })
        .await
        .with_context(|| platform.log_tail())?;
    }
    let partner = partner_with_contract(&api, "race", &contract_terms(100_000)).await?;
    for n in 0..keys {
        let order = format!("race-{n}");
        let body = platform_payment(&order, &partner, 10_000, "tok_ok");
        let clients: Vec<_> = (0..CLIENTS)
            .map(|c| {
                let api = if c % 2 == 0 { api.clone() } else { other.clone() };
                let (order, body) = (order.clone(), body.clone());
                tokio::spawn(async move { until_answered(&api, &order, &body).await })
            })
            .collect();
        let mut ids = Vec::new();
        for client in clients {
            ids.push(client.await??);
        }
        ids.sort();
        ids.dedup();
        ensure!(ids.len() == 1, "{order} became {ids:?}");
    }
    let made = api.list("/v1/payments?status=completed").await?.len();
    let charged = platform.direct(10).get("/network/v1/journal/count").await?;
    println!("{keys} keys by {CLIENTS} clients each: {made} payments, {charged} at the network");
    ensure!(made == keys, "{made} payments of {keys} keys");
    ensure!(
        charged.get("captured").and_then(Value::as_u64) == u64::try_from(keys).ok(),
        "{charged}"
    );
    platform.verify().await
}

/// Repeats while the first request with the key is still running.
async fn until_answered(api: &Api, key: &str, body: &Value) -> Result<String> {
    eventually(&format!("{key} to be answered"), || async {
        let answer = api.post("/v1/payments", key, body).await?;
        if answer.status == 409 && answer.code() == "request_in_progress" {
            return Ok(None);
        }
        let id = answer
            .ok()?
            .get("id")
            .and_then(Value::as_str)
            .context("an id")?
            .to_owned();
        Ok(Some(id))
    })
    .await
}
