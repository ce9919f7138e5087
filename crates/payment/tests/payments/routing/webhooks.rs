//! What connectors tell late of a payment that went on to another one.

use http::Method;
use serde_json::json;

use super::{offered, started, way};
use crate::asking::{eventually, read};
use crate::support::*;
use testkit::Platform;

/// What became of the webhooks so far: state and problem.
async fn heard(platform: &Platform) -> Vec<(String, Option<String>)> {
    sqlx::query_as("select state, problem from webhooks order by received_at")
        .fetch_all(platform.database("payment").db().pool())
        .await
        .unwrap()
}

/// How many webhooks of Stripe were counted with that result, by all tests of this program.
async fn counted(platform: &Platform, result: &str) -> u64 {
    let answer = platform
        .send("payment", None, Method::GET, "/metrics", &[], None)
        .await;
    let text = String::from_utf8_lossy(&answer.bytes).into_owned();
    let result = format!("result=\"{result}\"");
    text.lines()
        .filter(|line| line.starts_with("jeongsan_webhooks_total{"))
        .find(|line| line.contains("connector=\"stripe\"") && line.contains(&result))
        .map_or(0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

/// The operations of a payment, by their names outside, in their order.
async fn names(platform: &Platform, payment: &str) -> Vec<String> {
    let payment: ids::PaymentId = payment.parse().unwrap();
    let ids: Vec<uuid::Uuid> = sqlx::query_scalar(
        "select transaction_id from transactions where payment_id = $1 order by created_at, transaction_id",
    )
    .bind(payment.as_uuid())
    .fetch_all(platform.database("payment").db().pool())
    .await
    .unwrap();
    ids.into_iter()
        .map(|id| ids::TransactionId::from_uuid(id).to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_connector_tells_late_of_what_it_refused_changes_nothing() {
    let (platform, double) = started().await;
    let body = offered(
        "o",
        shop(),
        &[("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")],
    );
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    let name = id(&payment);
    let before = (read(&platform, &name).await, way(&platform, &name).await);
    let operations = names(&platform, &name).await;
    let (failed, done) = ("payment_intent.payment_failed", "payment_intent.succeeded");
    for (of, kind, status, state, problem) in [
        // As it was.
        (0, failed, "requires_payment_method", "done", None),
        // After all: the books stay as they are, and people hear of it.
        (
            0,
            done,
            "succeeded",
            "ignored",
            Some("it had been refused, and is told of as done now"),
        ),
        // Of what another one was asked for.
        (
            1,
            done,
            "succeeded",
            "ignored",
            Some("simulator was asked for it, and not stripe"),
        ),
        (
            1,
            failed,
            "requires_payment_method",
            "ignored",
            Some("simulator was asked for it, and not stripe"),
        ),
    ] {
        let already = heard(&platform).await.len();
        double.tell_of(&operations[of], kind, status).await;
        let told = eventually(kind, async || {
            let heard = heard(&platform).await;
            heard
                .get(already)
                .filter(|(state, _)| state != "waiting")
                .cloned()
        })
        .await;
        assert_eq!(told.0, state, "{of} {kind}: {told:?}");
        let says = told.1.unwrap_or_default();
        assert!(
            says.starts_with(problem.unwrap_or_default()),
            "{of} {kind}: {says}"
        );
        assert_eq!(
            (read(&platform, &name).await, way(&platform, &name).await),
            before,
            "{of} {kind}"
        );
    }
    assert_eq!(published(&platform, "payment-completed", &name).await, 1);
    assert_eq!(published(&platform, "payment-failed", &name).await, 0);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_is_of_whoever_has_the_money() {
    let (platform, double) = started().await;
    let body = offered("o", shop(), &[("stripe", "pm_ok"), ("simulator", "tok_ok")]);
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    let charge: String = sqlx::query_scalar("select connector_reference from transactions")
        .fetch_one(platform.database("payment").db().pool())
        .await
        .unwrap();
    double.dispute(&charge, 6_000, "needs_response").await;
    let path = format!("/v1/disputes?payment_id={}", id(&payment));
    let dispute = eventually("a dispute", async || {
        let page = platform.get("payment", &path).await.expect(200);
        page["data"].get(0).cloned()
    })
    .await;
    assert_eq!(dispute["amount_minor"], json!(6_000));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_webhook_contradicts_is_counted_apart() {
    let (platform, double) = started().await;
    let refused = offered(
        "refused",
        shop(),
        &[("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")],
    );
    let taken = offered("taken", shop(), &[("stripe", "pm_ok"), ("simulator", "tok_ok")]);
    for (body, kind, status, problem) in [
        (
            refused,
            "payment_intent.succeeded",
            "succeeded",
            "it had been refused, and is told of as done now",
        ),
        (
            taken,
            "payment_intent.payment_failed",
            "requires_payment_method",
            "it had succeeded, and is told of as declined now",
        ),
    ] {
        let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
        let operations = names(&platform, &id(&payment)).await;
        let before = counted(&platform, "contradicted").await;
        double.tell_of(&operations[0], kind, status).await;
        eventually(kind, async || {
            let mut heard = heard(&platform).await.into_iter();
            heard.find(|(state, says)| {
                state == "ignored" && says.as_ref().is_some_and(|says| says.starts_with(problem))
            })
        })
        .await;
        assert!(counted(&platform, "contradicted").await > before, "{kind}");
        // And a person finds it.
        let path = "/v1/webhooks?state=ignored&connector=stripe&limit=1";
        let newest = &platform.get("payment", path).await.expect(200)["data"][0];
        assert!(
            newest["reason"].as_str().unwrap().starts_with(problem),
            "{newest}"
        );
    }
    platform.stop().await;
}
