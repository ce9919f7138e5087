//! What the network tells by itself: late, early, twice, wrongly signed; and disputes.

use crate::gate::{self, Gate, Hold};
use crate::support::*;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform, PlatformBuilder};

/// The services, with a network whose later things come soon.
pub fn soon() -> PlatformBuilder {
    platform().setting("simulator.late_ms", "50")
}

async fn made(platform: &Platform, token: &str) -> Value {
    let body = card(token, shop(), token);
    let answer = post_with_key(platform, "/v1/payments", token, &body).await;
    assert!(answer.status.is_success(), "{}", answer.body);
    answer.body
}

async fn network(platform: &Platform, method: Method, path: &str, body: &Value) -> Value {
    let answer = platform
        .send("simulator", None, method, path, &[], Some(body))
        .await;
    assert!(
        answer.status.is_success() || answer.status.is_redirection(),
        "{path}: {}",
        answer.body
    );
    answer.body
}

/// Asks until `holds` of the answer.
async fn eventually(platform: &Platform, path: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let asking = async {
        loop {
            let answer = platform.get("payment", path).await.expect(200);
            if holds(&answer) {
                return answer;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(30), asking).await;
    in_time.unwrap_or_else(|_| unreachable!("{path} did not come to it in time"))
}

/// The charge that the network knows of the only tender of a payment.
async fn charge_of(platform: &Platform, payment: &Value) -> String {
    let id = id(payment).parse::<ids::PaymentId>().unwrap();
    sqlx::query_scalar(
        "select connector_reference from transactions where payment_id = $1 order by created_at limit 1",
    )
    .bind(id.as_uuid())
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap()
}

async fn stored(platform: &Platform) -> Vec<(String, i64)> {
    sqlx::query_as("select state, count(*) from webhooks group by state order by state")
        .fetch_all(platform.database("payment").db().pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_fails_later_leads_back_and_may_be_tried_again() {
    let platform = soon().start().await;
    let payment = made(&platform, "tok_refund_fails_later").await;
    let refunds = format!("/v1/payments/{}/refunds", id(&payment));
    let refunded = platform
        .post("payment", &refunds, &json!({"amount_minor": 4_000}))
        .await
        .expect(200);
    assert_eq!(
        (refunded["status"].as_str(), refunded["refunded_minor"].as_i64()),
        (Some("partially_refunded"), Some(4_000))
    );
    let back = until(&platform, &id(&payment), "completed").await;
    assert_eq!(back["refunded_minor"], 0);
    assert_eq!(back["lines"][0]["refunded_minor"], 0);
    assert_eq!(back["failure"]["code"], "refund_failed");
    // Told of as it was, and as it is.
    assert_eq!(published(&platform, "payment-refunded", &id(&payment)).await, 2);
    let again = platform.post("payment", &refunds, &json!({})).await.expect(200);
    assert_eq!(again["status"], "refunded");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_acts_is_heard_of_before_anyone_asks() {
    let platform = soon().start().await;
    for (decision, status) in [("approve", "completed"), ("decline", "failed")] {
        let mut body = card(decision, shop(), "tok_3ds");
        body["return_url"] = json!("https://shop.example/back");
        let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
        assert_eq!(payment["status"], "requires_action");
        let url = payment["next_action"]["redirect_url"].as_str().unwrap();
        let path = &url[url.find("/network").unwrap()..];
        network(&platform, Method::POST, path, &json!({"decision": decision})).await;
        let payment = until(&platform, &id(&payment), status).await;
        assert_eq!(payment["next_action"], Value::Null);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_counts_once_however_and_whenever_it_comes() {
    let platform = soon().start().await;
    for token in [
        "tok_webhook_twice",
        "tok_webhook_early",
        "tok_webhook_wrong_signature",
    ] {
        let payment = made(&platform, token).await;
        assert_eq!(payment["status"], "completed", "{token}");
        assert_eq!(
            published(&platform, "payment-completed", &id(&payment)).await,
            1,
            "{token}"
        );
    }
    let told = async {
        while stored(&platform).await != [("done".to_owned(), 3)] {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(30), told)
        .await
        .unwrap();
    assert_eq!(charges(&platform).await, (3, 3));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_signed_is_refused_and_not_stored() {
    let platform = platform().start().await;
    let path = "/v1/webhooks/simulator";
    let body = json!({"type": "charge.updated", "data": {}});
    for (headers, code) in [
        (vec![], "unauthenticated"),
        (
            vec![
                ("webhook-id", "evt_1"),
                ("webhook-timestamp", "1"),
                ("webhook-signature", "v1,AAAA"),
            ],
            "unauthenticated",
        ),
    ] {
        let refused = platform
            .send("payment", None, Method::POST, path, &headers, Some(&body))
            .await;
        assert_eq!(refused.expect(401)["code"], code);
    }
    let nobody = platform
        .send(
            "payment",
            None,
            Method::POST,
            "/v1/webhooks/external",
            &[],
            Some(&body),
        )
        .await;
    nobody.expect(404);
    assert_eq!(stored(&platform).await, []);
    platform.stop().await;
}

/// Has the network open a dispute; returns its name there.
pub async fn opened(platform: &Platform, payment: &Value, amount_minor: i64, stage: &str) -> String {
    let charge = charge_of(platform, payment).await;
    let order =
        json!({"charge_id": charge, "amount_minor": amount_minor, "reason": "fraudulent", "stage": stage});
    let opened = network(platform, Method::POST, "/network/v1/disputes", &order).await;
    opened["dispute_id"].as_str().unwrap().to_owned()
}

pub async fn disputed(
    platform: &Platform,
    payment: &Value,
    amount_minor: i64,
    stage: &str,
) -> (String, Value) {
    let opened = opened(platform, payment, amount_minor, stage).await;
    let list = format!("/v1/disputes?payment_id={}", id(payment));
    let heard = eventually(platform, &list, |page| {
        page["data"].as_array().is_some_and(|all| !all.is_empty())
    })
    .await;
    (opened, heard["data"][0].clone())
}

pub async fn decided(platform: &Platform, network_id: &str, dispute: &Value, outcome: &str) -> Value {
    let path = format!("/network/v1/disputes/{network_id}/decide");
    network(platform, Method::POST, &path, &json!({"outcome": outcome})).await;
    let path = format!("/v1/disputes/{}", dispute["id"].as_str().unwrap());
    eventually(platform, &path, |dispute| dispute["state"] == outcome).await
}

async fn refunds(platform: &Platform, payment: &Value, amount_minor: i64) -> Answer {
    let path = format!("/v1/payments/{}/refunds", id(payment));
    platform
        .post("payment", &path, &json!({"amount_minor": amount_minor}))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_disputed_can_not_be_refunded_until_it_is_won() {
    let platform = soon().start().await;
    let payment = made(&platform, "tok_ok").await;
    let (network_id, dispute) = disputed(&platform, &payment, 6_000, "needs_response").await;
    assert_eq!(
        (dispute["state"].as_str(), dispute["is_withdrawn"].as_bool()),
        (Some("needs_response"), Some(true))
    );
    assert_eq!(dispute["lines"][0]["disputed_minor"], 6_000);
    let refused = refunds(&platform, &payment, 4_001).await;
    assert_eq!(refused.expect(422)["code"], "amount_beyond_what_is_left");
    refunds(&platform, &payment, 1_000).await.expect(200);
    let won = decided(&platform, &network_id, &dispute, "won").await;
    assert_eq!(won["is_withdrawn"], false);
    refunds(&platform, &payment, 9_000).await.expect(200);
    assert_eq!(published(&platform, "dispute-changed", &id(&payment)).await, 2);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_dispute_stays_and_a_chargeback_beyond_what_is_left_is_booked() {
    let platform = soon().start().await;
    let payment = made(&platform, "tok_ok").await;
    refunds(&platform, &payment, 8_000).await.expect(200);
    let (network_id, dispute) = disputed(&platform, &payment, 10_000, "needs_response").await;
    // Of the line, 2,000 are left.
    assert_eq!(
        (
            dispute["amount_minor"].as_i64(),
            dispute["lines"][0]["disputed_minor"].as_i64()
        ),
        (Some(10_000), Some(2_000))
    );
    let lost = decided(&platform, &network_id, &dispute, "lost").await;
    assert_eq!(lost["is_withdrawn"], true);
    let tender = &platform
        .get("payment", &format!("/v1/payments/{}", id(&payment)))
        .await
        .expect(200)["tenders"][0];
    assert_eq!(
        (
            tender["refunded_minor"].as_i64(),
            tender["disputed_minor"].as_i64()
        ),
        (Some(8_000), Some(10_000))
    );
    // Nothing is left, so that no amount would do.
    let refused = refunds(&platform, &payment, 1).await.expect(422);
    assert_eq!(
        (&refused["code"], &refused["errors"]),
        (&json!("amount_beyond_what_is_left"), &Value::Null)
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_finds_its_charge_along_an_index() {
    let platform = platform().start().await;
    let database = platform.database("payment").db();
    let mut conn = database.pool().acquire().await.unwrap().detach();
    // Tables are empty here, and would be read whole.
    sqlx::query("set enable_seqscan = off")
        .execute(&mut conn)
        .await
        .unwrap();
    let lookup = include_str!("../../src/store/disputed.sql");
    let explained = sqlx::AssertSqlSafe(format!("explain {lookup}"));
    let plan: Vec<String> = sqlx::query_scalar(explained)
        .bind("simulator")
        .bind("chg_1")
        .fetch_all(&mut conn)
        .await
        .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("transactions_begun_by_reference"), "{plan}");
    assert!(plan.contains("Index Cond: (connector_reference = "), "{plan}");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_is_kept_and_handed_over_and_a_warning_moves_no_money() {
    let platform = soon().start().await;
    let payment = made(&platform, "tok_ok").await;
    let (network_id, dispute) = disputed(&platform, &payment, 10_000, "warning").await;
    assert_eq!(dispute["is_withdrawn"], false);
    let dispute_path = format!("/v1/disputes/{}", dispute["id"].as_str().unwrap());
    let path = format!("{dispute_path}/evidence");
    let file = |content: &[u8]| json!({"name": "receipt.pdf", "content_type": "application/pdf", "content_base64": STANDARD.encode(content)});
    for (body, pointer) in [
        (json!({}), "/text"),
        (json!({"text": "x", "files": vec![file(b"x"); 9]}), "/files"),
        (
            json!({"files": [{"name": "a", "content_type": "text/html", "content_base64": "eA=="}]}),
            "/files/0/content_type",
        ),
        (json!({"files": [file(b"")]}), "/files/0/content_base64"),
        (
            json!({"files": [file(&vec![0; 2 * 1024 * 1024 + 1])]}),
            "/files/0/content_base64",
        ),
    ] {
        let refused = platform.post("payment", &path, &body).await.expect(422);
        assert_eq!(refused["errors"][0]["pointer"], pointer);
    }
    let body = json!({"text": "It was delivered.", "files": [file(b"signed")]});
    let first = post_with_key(&platform, &path, "key", &body).await;
    let again = post_with_key(&platform, &path, "key", &body).await;
    assert!(
        first.status == 202 && is_replay(&again) && first.bytes == again.bytes,
        "{}",
        first.body
    );
    let given = eventually(&platform, &path, |all| all[0]["state"] == "accepted").await;
    assert_eq!(
        (given.as_array().unwrap().len(), &given[0]["files"][0]["bytes"]),
        (1, &json!(6))
    );
    eventually(&platform, &dispute_path, |dispute| {
        dispute["state"] == "under_review"
    })
    .await;
    let closed = decided(&platform, &network_id, &dispute, "warning_closed").await;
    assert_eq!(closed["is_withdrawn"], false);
    platform
        .post("payment", &path, &json!({"text": "late"}))
        .await
        .expect(409);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn evidence_that_is_taken_slowly_keeps_neither_other_evidence_nor_webhooks_waiting() {
    let platform = Platform::of(&[partner_service(), gate::network(), payment::service()])
        .setting("payment.connector_timeout_ms", "50000")
        .setting("simulator.late_ms", "50")
        .start()
        .await;
    let gate = Gate::of(&platform);
    let mut disputes = Vec::new();
    for token in ["tok_ok", "tok_twice"] {
        let payment = made(&platform, token).await;
        let (_, dispute) = disputed(&platform, &payment, 6_000, "needs_response").await;
        disputes.push(dispute["id"].as_str().unwrap().parse::<ids::DisputeId>().unwrap());
    }
    gate.hold("evidence", None, Hold::Before);
    gate.hold("evidence", None, Hold::Before);
    // All at once, so that one round takes them up: two for the first dispute, and one for the other.
    let of: Vec<_> = [0, 0, 1].map(|place: usize| disputes[place].as_uuid()).to_vec();
    let names: Vec<_> = of.iter().map(|_| ids::EvidenceId::generate().as_uuid()).collect();
    sqlx::query(
        "insert into dispute_evidence (evidence_id, dispute_id, text, submitted_by, submitted_at, state, due_at)
         select evidence_id, dispute_id, 'It was delivered.', 'usr', now(), 'waiting', now()
           from unnest($1::uuid[], $2::uuid[]) as t (evidence_id, dispute_id)",
    )
    .bind(names)
    .bind(of)
    .execute(platform.database("payment").db().pool())
    .await
    .unwrap();
    // Nobody has been waited for in vain so far.
    let paths = disputes
        .iter()
        .map(|dispute| format!("/v1/disputes/{dispute}/evidence"));
    let paths: Vec<_> = paths.collect();
    let is_held = async || {
        let mut held = 0;
        for path in &paths {
            let all = platform.get("payment", path).await.expect(200);
            let all = all.as_array().unwrap().iter();
            held += all
                .filter(|one| one["state"] == "waiting" && one["problem"].is_null())
                .count();
        }
        held == 3
    };
    gate.reached(2).await;
    assert!(is_held().await, "disputes are side by side");
    let other = made(&platform, "tok_refund_fails_later").await;
    refunds(&platform, &other, 4_000).await.expect(200);
    until(&platform, &id(&other), "completed").await;
    assert!(is_held().await, "webhooks are worked on meanwhile");
    gate.open();
    // The network takes the first of each: it hears no more while it reviews that.
    eventually(&platform, &paths[0], |all| {
        all[0]["state"] == "accepted" && all[1]["state"] == "refused"
    })
    .await;
    eventually(&platform, &paths[1], |all| all[0]["state"] == "accepted").await;
    platform.stop().await;
}
