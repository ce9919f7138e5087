//! The same request is done once.

use anyhow::{Result, ensure};
use e2e::{Api, contract_terms, partner_with_contract, platform_payment};
use http::Method;

pub async fn a_repeat_gets_the_first_answer(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "once", &contract_terms(100_000)).await?;
    let body = platform_payment("once-1", &partner, 10_000, "tok_ok");
    let first = api.post("/v1/payments", "once-key", &body).await?;
    ensure!(first.status == 201 && !first.replayed, "{first:?}");
    let again = api.post("/v1/payments", "once-key", &body).await?;
    ensure!(
        again.status == 201 && again.replayed && again.body == first.body,
        "{again:?}"
    );
    Ok(())
}

pub async fn another_body_under_the_same_key_is_refused(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "once", &contract_terms(100_000)).await?;
    let body = platform_payment("once-2", &partner, 20_000, "tok_ok");
    let reused = api.post("/v1/payments", "once-key", &body).await?;
    ensure!(
        reused.status == 422 && reused.code() == "idempotency_key_reused",
        "{reused:?}"
    );
    let bare = api
        .send(Method::POST, "/v1/payments", None, Some(&body), &[])
        .await?;
    ensure!(
        bare.status == 400 && bare.code() == "idempotency_key_missing",
        "{bare:?}"
    );
    Ok(())
}

pub async fn an_order_reference_belongs_to_one_payment(api: &Api) -> Result<()> {
    let partner = partner_with_contract(api, "once", &contract_terms(100_000)).await?;
    let body = platform_payment("once-3", &partner, 10_000, "tok_declined");
    let failed = api.post("/v1/payments", "once-3-a", &body).await?;
    ensure!(
        failed.body.get("status").is_some_and(|s| s == "failed"),
        "{failed:?}"
    );
    let body = platform_payment("once-3", &partner, 10_000, "tok_ok");
    let paid = api.post("/v1/payments", "once-3-b", &body).await?;
    ensure!(
        paid.status == 201,
        "after a failure the buyer may try again: {paid:?}"
    );
    let twice = api.post("/v1/payments", "once-3-c", &body).await?;
    ensure!(
        twice.status == 409 && twice.code() == "already_exists",
        "{twice:?}"
    );
    Ok(())
}
