//! A payment that is answered at once and worked on later.

use serde_json::{Value, json};
use testkit::{Answer, Platform};

use crate::asking::{ask, operations, order, told};
use crate::sound::{assert_sound, assert_told};
use crate::support::{external, id, platform, post_with, shop, until};

async fn later(platform: &Platform, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key), ("prefer", "respond-async")];
    post_with(platform, "/v1/payments", &headers, body).await
}

/// While this is held, no event reaches its consumer in the payment service. It has no number of its own, so it holds
/// up nobody else on the server.
pub async fn nothing_is_heard(platform: &Platform) -> sqlx::Transaction<'static, sqlx::Postgres> {
    let mut held = platform.database("payment").db().pool().begin().await.unwrap();
    sqlx::query("lock table bus.positions in exclusive mode")
        .execute(&mut *held)
        .await
        .unwrap();
    held
}

#[tokio::test(flavor = "multi_thread")]
async fn several_tenders_are_worked_on_later_as_at_once() {
    let platform = platform().start().await;
    let shop = shop();
    let mut external = external("external", shop);
    external["tenders"] =
        json!([{"kind": "cash", "amount_minor": 4_000}, {"kind": "bank_transfer", "amount_minor": 6_000}]);
    for (name, last, status) in [
        ("well", "pts_ok", "completed"),
        ("refused", "pts_declined", "failed"),
    ] {
        let tenders = [
            ("card", 6_000, "tok_ok"),
            ("voucher", 3_000, "vch_ok"),
            ("points", 1_000, last),
        ];
        let answer = later(&platform, name, &order(name, shop, &[10_000], &tenders))
            .await
            .expect(202);
        assert_eq!(answer["status"], "requested", "{answer}");
        until(&platform, &id(&answer), status).await;
        assert_told(&platform, &id(&answer)).await;
    }
    let answer = later(&platform, "external", &external).await.expect(202);
    until(&platform, &id(&answer), "completed").await;
    assert_told(&platform, &id(&answer)).await;
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_canceled_before_anyone_works_on_it_never_reaches_the_network() {
    let platform = platform().start().await;
    let shop = shop();
    let held = nothing_is_heard(&platform).await;
    let tenders = [("card", 6_000, "tok_ok"), ("voucher", 4_000, "vch_ok")];
    let mut external = external("external", shop);
    external["tenders"] =
        json!([{"kind": "cash", "amount_minor": 4_000}, {"kind": "bank_transfer", "amount_minor": 6_000}]);
    let mut canceled = Vec::new();
    for (name, body) in [
        ("card", order("card", shop, &[10_000], &tenders)),
        ("external", external),
    ] {
        let payment = id(&later(&platform, name, &body).await.expect(202));
        for command in ["capture", "void", "refund"] {
            ask(&platform, &payment, command, json!({})).await.expect(409);
        }
        let answer = ask(&platform, &payment, "cancel", json!({})).await.expect(200);
        assert_eq!(answer["status"], "canceled", "{answer}");
        assert_eq!(answer["failure"]["code"], "canceled");
        canceled.push(payment);
    }
    held.rollback().await.unwrap();
    // What is asked for after them is heard after them.
    let last = order("last", shop, &[10_000], &[("card", 10_000, "tok_ok")]);
    let last = id(&later(&platform, "last", &last).await.expect(202));
    until(&platform, &last, "completed").await;
    for payment in &canceled {
        until(&platform, payment, "canceled").await;
        let states = operations(&platform, payment)
            .await
            .into_iter()
            .map(|(_, _, state, _)| state);
        assert!(states.into_iter().all(|state| state == "canceled"), "{payment}");
        for topic in ["payment-completed", "payment-failed"] {
            assert!(told(&platform, topic, payment).await.is_empty(), "{topic}");
        }
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_cancel_and_the_worker_at_once_one_wins() {
    let platform = platform().start().await;
    let shop = shop();
    for round in 0..20 {
        let name = format!("order-{round}");
        let body = order(&name, shop, &[10_000], &[("card", 10_000, "tok_ok")]);
        let payment = id(&later(&platform, &name, &body).await.expect(202));
        let mut status = "completed";
        let answer = crate::asking::eventually("an answer", async || {
            let answer = ask(&platform, &payment, "cancel", json!({})).await;
            // 503: it was just begun.
            (answer.status != 503).then_some(answer)
        })
        .await;
        if answer.status == 200 {
            status = "canceled";
            assert_eq!(answer.body["status"], status);
        } else {
            assert_eq!(answer.expect(409)["code"], "conflict");
        }
        until(&platform, &payment, status).await;
        assert_told(&platform, &payment).await;
    }
    assert_sound(&platform).await;
    platform.stop().await;
}
