//! What is wrong is named, and nothing is half done.

use anyhow::{Result, ensure};
use e2e::{Api, contract_terms, eventually, external_payment, partner_with_contract, platform_payment};
use http::Method;
use serde_json::{Value, json};

pub async fn what_is_wrong_is_named_and_nothing_is_done(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "bad-input", &contract_terms(100_000)).await?;
    heard_of_its_contract(api, &partner).await?;
    let good = platform_payment("bad", &partner, 10_000, "tok_ok");
    let with = |pointer: &str, value: Value| {
        let mut body = good.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        match body.pointer_mut(parent) {
            Some(Value::Object(map)) => drop(map.insert(field.to_owned(), value)),
            _ => panic!("{pointer} has no parent"),
        }
        body
    };
    let unknown = "ptn_00000000000000000000000000";
    let cases = [
        (with("/surprise", json!(1)), "/surprise", "invalid_field"),
        (
            with("/lines/0/unit_price_minor", json!("10")),
            "/lines/0/unit_price_minor",
            "invalid_field",
        ),
        (
            with("/lines/0/unit_price_minor", json!(-1)),
            "/lines/0/unit_price_minor",
            "invalid_field",
        ),
        (
            with("/lines/0/quantity", json!(0)),
            "/lines/0/quantity",
            "invalid_field",
        ),
        (with("/lines", json!([])), "/lines", "invalid_field"),
        (
            with("/tenders/0/amount_minor", json!(9_999)),
            "/tenders",
            "amount_mismatch",
        ),
        (
            with("/lines/0/partner_id", json!(unknown)),
            "/lines/0/partner_id",
            "unknown_partner",
        ),
        (
            with("/currency", json!("USD")),
            "/lines/0/partner_id",
            "currency_not_contracted",
        ),
        (with("/currency", json!("XXQ")), "/currency", "invalid_field"),
        (
            with("/order_reference", json!("")),
            "/order_reference",
            "invalid_field",
        ),
        (
            external_payment("bad", &partner, 1, 1, "1999-12-31T00:00:00Z"),
            "/sold_at",
            "invalid_field",
        ),
        (
            external_payment("bad", &partner, 1, 1, "2999-12-31T00:00:00Z"),
            "/sold_at",
            "invalid_field",
        ),
    ];
    for (body, pointer, code) in cases {
        let answer = api.post("/v1/payments", "bad-input", &body).await?;
        let named = answer
            .body
            .pointer("/errors")
            .and_then(Value::as_array)
            .is_some_and(|errors| {
                errors.iter().any(|e| {
                    e.get("pointer")
                        .and_then(Value::as_str)
                        .is_some_and(|p| p.starts_with(pointer))
                        && e.get("code").is_some_and(|c| c == code)
                })
            });
        ensure!(answer.status == 422 && named, "{pointer} {code}: {answer:?}");
        ensure!(answer.body.get("request_id").is_some(), "{answer:?}");
    }
    ensure!(api.list("/v1/payments?order_reference=bad").await?.is_empty());

    let missing = api.send(Method::GET, "/v1/nowhere", None, None, &[]).await?;
    ensure!(
        missing.status == 404 && missing.code() == "not_found",
        "{missing:?}"
    );
    let nobody = api
        .with_key("sk_unknown")
        .send(Method::GET, "/v1/payments", None, None, &[])
        .await?;
    ensure!(
        nobody.status == 401 && nobody.code() == "unauthenticated",
        "{nobody:?}"
    );
    let inner = api
        .send(
            Method::GET,
            "/internal/v1/events/payment-completed",
            None,
            None,
            &[],
        )
        .await?;
    ensure!(
        inner.status == 404,
        "internal routes are not for outside: {inner:?}"
    );
    Ok(())
}

pub async fn a_batch_answers_each_item_by_itself(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "bad-input", &contract_terms(100_000)).await?;
    let sold_at = "2026-01-05T03:00:00Z";
    let mut bad = external_payment("batch-2", &partner, 1_000, 1_000, sold_at);
    bad["lines"][0]["quantity"] = json!(0);
    let batch = json!({ "payments": [
        external_payment("batch-1", &partner, 1_000, 1_000, sold_at),
        bad,
        external_payment("batch-1", &partner, 1_000, 1_000, sold_at),
        external_payment("batch-3", &partner, 1_000, 1_000, sold_at),
    ]});
    let answer = api.post("/v1/payments/batch", "batch", &batch).await?.ok()?;
    let statuses: Vec<i64> = answer["results"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.get("status").and_then(Value::as_i64))
        .collect();
    ensure!(statuses == [201, 422, 409, 201], "{answer}");
    Ok(())
}

/// Waits until the payment service knows which currencies the partner's contract covers: as long as it knows of no
/// contract, a payment in any currency is taken, and its lines wait.
async fn heard_of_its_contract(api: &Api, partner: &str) -> Result<()> {
    let mut attempts = 0;
    eventually("the payment service to hear of a contract", || {
        attempts += 1;
        let key = format!("heard-{attempts}");
        let mut payment = platform_payment("heard", partner, 100, "tok_declined");
        payment["currency"] = json!("USD");
        async move {
            let answer = api.post("/v1/payments", &key, &payment).await?;
            Ok((answer.status == 422).then_some(()))
        }
    })
    .await
}
