//! Disputes over HTTP.

use crate::support::*;
use serde_json::{Value, json};
use testkit::Platform;

async fn open(platform: &Platform, charge_id: &str, stage: &str) -> Value {
    let claim =
        json!({"charge_id": charge_id, "amount_minor": 400, "reason": "not_received", "stage": stage});
    post_to(platform, "/network/v1/disputes", &claim)
        .await
        .expect(201)
}

fn path(dispute: &Value) -> String {
    format!("/network/v1/disputes/{}", dispute["dispute_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_dispute_is_answered_once_and_decided() {
    let platform = network().start().await;
    let charge_id = make(&platform, "sale", "tok_ok").await;
    let dispute = open(&platform, &charge_id, "needs_response").await;
    assert_eq!(dispute["charge_id"], charge_id.as_str());
    assert_eq!(
        (&dispute["state"], &dispute["currency"]),
        (&json!("needs_response"), &json!("KRW"))
    );
    let path = path(&dispute);
    let evidence = json!({"connector_key": "e", "text": "we sent it", "files": [
        {"name": "receipt.pdf", "content_type": "application/pdf", "sha256": "ab".repeat(32)}]});
    let answer = format!("{path}/evidence");
    for _twice in 0..2 {
        let reviewed = post_to(&platform, &answer, &evidence).await.expect(200);
        assert_eq!(reviewed["state"], "under_review");
        assert_eq!(get_from(&platform, &path).await.expect(200), reviewed);
    }
    let mut other = evidence.clone();
    other["text"] = json!("another");
    let reused = post_to(&platform, &answer, &other).await.expect(422);
    assert_eq!(reused["code"], "idempotency_key_reused");
    other["connector_key"] = json!("f");
    post_to(&platform, &answer, &other).await.expect(409);
    let decide = format!("{path}/decide");
    post_to(&platform, &decide, &json!({"outcome": "warning_closed"}))
        .await
        .expect(409);
    let won = post_to(&platform, &decide, &json!({"outcome": "won"}))
        .await
        .expect(200);
    assert_eq!(won["state"], "won");
    post_to(&platform, &decide, &json!({"outcome": "lost"}))
        .await
        .expect(409);
    platform.stop().await;
}

#[tokio::test]
async fn a_warning_becomes_serious_or_is_closed() {
    let platform = network().start().await;
    let charge_id = make(&platform, "sale", "tok_ok").await;
    for (outcome, then) in [("warning_closed", 409), ("needs_response", 200)] {
        let dispute = open(&platform, &charge_id, "warning").await;
        assert_eq!(dispute["state"], "warning");
        let decide = format!("{}/decide", path(&dispute));
        post_to(&platform, &decide, &json!({"outcome": "lost"}))
            .await
            .expect(409);
        let decided = post_to(&platform, &decide, &json!({"outcome": outcome}))
            .await
            .expect(200);
        assert_eq!(decided["state"], outcome);
        post_to(&platform, &decide, &json!({"outcome": "lost"}))
            .await
            .expect(then);
    }
    platform.stop().await;
}

#[tokio::test]
async fn a_dispute_that_cannot_be_is_refused() {
    let platform = network().start().await;
    let charge_id = make(&platform, "sale", "tok_ok").await;
    follow(&platform, &charge_id, "refund", 1000).await;
    for (field, value) in [
        ("charge_id", json!("chg_unknown")),
        ("amount_minor", json!(1001)),
        ("amount_minor", json!(0)),
        ("reason", json!("")),
        ("stage", json!("lost")),
    ] {
        let mut claim = json!({"charge_id": charge_id, "amount_minor": 1000, "reason": "fraudulent"});
        claim[field] = value;
        let problem = post_to(&platform, "/network/v1/disputes", &claim)
            .await
            .expect(422);
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"));
    }
    // Refunded as it is, it is disputed all the same.
    let claim = json!({"charge_id": charge_id, "amount_minor": 1000, "reason": "fraudulent"});
    let dispute = post_to(&platform, "/network/v1/disputes", &claim)
        .await
        .expect(201);
    let answer = format!("{}/evidence", path(&dispute));
    let file = json!({"name": "a", "content_type": "text/plain", "sha256": "00"});
    let evidence = json!({"connector_key": "e", "text": "", "files": [file]});
    let problem = post_to(&platform, &answer, &evidence).await.expect(422);
    assert_eq!(problem["errors"][0]["pointer"], "/files/0/sha256");
    get_from(&platform, "/network/v1/disputes/dsp_unknown")
        .await
        .expect(404);
    platform.stop().await;
}

#[tokio::test]
async fn a_disputed_card_is_disputed_by_itself() {
    let platform = network_and_receiver().start().await;
    let charge_id = make(&platform, "sale", "tok_disputed").await;
    let told = deliveries(&platform, 1).await.remove(0);
    assert_eq!(told.body["type"], "dispute.updated");
    let dispute = &told.body["data"];
    assert_eq!(dispute["charge_id"], charge_id.as_str());
    assert_eq!(
        (&dispute["amount_minor"], &dispute["state"]),
        (&json!(1000), &json!("needs_response"))
    );
    assert_eq!(&get_from(&platform, &path(dispute)).await.expect(200), dispute);
    platform.stop().await;
}
