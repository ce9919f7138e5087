//! What becomes of a payment.

use anyhow::{Context, Result, ensure};
use e2e::{Api, Platform, contract_terms, eventually, partner_with_contract, platform_payment};
use http::Method;
use serde_json::{Value, json};

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// Pays an order, and returns the payment when it is in one of `states`.
async fn pay_until(api: &Api, order: &str, token: &str, states: &[&str]) -> Result<Value> {
    let partner = partner_with_contract(api, "outcomes", &contract_terms(100_000)).await?;
    let made = api
        .post(
            "/v1/payments",
            order,
            &platform_payment(order, &partner, 10_000, token),
        )
        .await?
        .ok()?;
    until(api, text(&made, "/id"), states).await
}

async fn until(api: &Api, id: &str, states: &[&str]) -> Result<Value> {
    eventually(&format!("{id} to be one of {states:?}"), || async {
        let payment = api.get(&format!("/v1/payments/{id}")).await?;
        Ok(states.contains(&text(&payment, "/status")).then_some(payment))
    })
    .await
}

pub async fn every_test_token_has_its_outcome(platform: &Platform, api: &Api) -> Result<()> {
    for (token, state, failure) in [
        ("tok_ok", "completed", ""),
        ("tok_twice", "completed", ""),
        ("tok_slow", "completed", ""),
        ("tok_error", "completed", ""),
        ("tok_timeout", "completed", ""),
        ("tok_timeout_not_executed", "completed", ""),
        ("tok_declined", "failed", "card_declined"),
        ("tok_insufficient_funds", "failed", "insufficient_funds"),
    ] {
        let order = format!("token-{token}");
        let payment = pay_until(api, &order, token, &["completed", "failed"])
            .await
            .context(token)?;
        ensure!(text(&payment, "/status") == state, "{token}: {payment}");
        ensure!(text(&payment, "/failure/code") == failure, "{token}: {payment}");
    }
    // Six were paid; each was charged once, the one that was asked for again after a time-out too.
    let count = platform.direct(10).get("/network/v1/journal/count").await?;
    ensure!(
        count.get("captured") == Some(&json!(6)),
        "the network was asked to take: {count}"
    );
    Ok(())
}

pub async fn a_manual_capture_takes_the_money_later(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "outcomes", &contract_terms(100_000)).await?;
    for (order, verb, state) in [
        ("manual-capture", "capture", "completed"),
        ("manual-void", "void", "voided"),
    ] {
        let mut body = platform_payment(order, &partner, 10_000, "tok_ok");
        body["capture"] = json!("manual");
        let made = api.post("/v1/payments", order, &body).await?.ok()?;
        ensure!(text(&made, "/status") == "authorized", "{made}");
        let path = format!("/v1/payments/{}/{verb}", text(&made, "/id"));
        let done = api
            .post(&path, &format!("{order}-{verb}"), &json!({}))
            .await?
            .ok()?;
        ensure!(text(&done, "/status") == state, "{verb}: {done}");
        let again = api
            .post(&path, &format!("{order}-{verb}-again"), &json!({}))
            .await?;
        ensure!(
            again.status == 409 && again.code() == "conflict",
            "{verb} twice: {again:?}"
        );
    }
    Ok(())
}

pub async fn an_asynchronous_payment_is_made_later(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "outcomes", &contract_terms(100_000)).await?;
    let body = platform_payment("async", &partner, 10_000, "tok_ok");
    let answer = api
        .send(
            Method::POST,
            "/v1/payments",
            Some("async"),
            Some(&body),
            &[("prefer", "respond-async")],
        )
        .await?;
    ensure!(answer.status == 202, "{answer:?}");
    until(api, text(&answer.body, "/id"), &["completed"]).await?;
    Ok(())
}

pub async fn a_failed_payment_makes_a_notification(api: &Api) -> Result<()> {
    let payment = pay_until(api, "notify", "tok_declined", &["failed"]).await?;
    let id = text(&payment, "/id").to_owned();
    eventually("a notification of the failed payment", || async {
        let all = api.list("/v1/notifications").await?;
        Ok(all.into_iter().find(|n| n.to_string().contains(&id)))
    })
    .await?;
    Ok(())
}

pub async fn a_payment_is_accepted(api: &Api, order: &str) -> Result<()> {
    pay_until(api, order, "tok_ok", &["completed"]).await.map(drop)
}
