//! What changed is told to the payment service, signed, in order, and until it is taken.

use std::collections::HashSet;

use crate::support::*;
use serde_json::json;

async fn approve(platform: &testkit::Platform, charge_id: &str) {
    let path = format!("/network/v1/actions/{charge_id}");
    let decision = json!({"decision": "approve"});
    post_to(platform, &path, &decision).await.expect(200);
}

#[tokio::test]
async fn a_change_is_told_as_it_is_to_be_read() {
    let platform = network_and_receiver().start().await;
    let charge_id = make(&platform, "sale", "tok_3ds").await;
    approve(&platform, &charge_id).await;
    let told = deliveries(&platform, 1).await.remove(0);
    assert!(told.is_signed, "{told:?}");
    assert!(told.id.starts_with("evt_"));
    assert_eq!(told.body["id"], told.id);
    assert_eq!(told.body["type"], "charge.updated");
    assert!(told.body["created_at"].is_string());
    assert_eq!(told.body["data"], by_key(&platform, "made").await);
    assert_eq!(told.body["data"]["outcome"], "approved");
    platform.stop().await;
}

#[tokio::test]
async fn an_event_is_sent_until_it_is_taken_and_those_of_its_charge_wait_behind_it() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let platform = network_and_receiver().setting("data_dir", data_dir).start().await;
    answer_with(&platform, &[500, 404, 200]).await;
    let charge_id = make(&platform, "sale", "tok_ok").await;
    let claim = json!({"charge_id": charge_id, "amount_minor": 1000, "reason": "fraudulent"});
    let dispute = post_to(&platform, "/network/v1/disputes", &claim)
        .await
        .expect(201);
    let decide = format!(
        "/network/v1/disputes/{}/decide",
        dispute["dispute_id"].as_str().unwrap()
    );
    post_to(&platform, &decide, &json!({"outcome": "lost"}))
        .await
        .expect(200);
    let all = deliveries(&platform, 4).await;
    let states: Vec<_> = all
        .iter()
        .map(|one| (one.status, one.body["data"]["state"].as_str().unwrap()))
        .collect();
    let expected = [
        (500, "needs_response"),
        (404, "needs_response"),
        (200, "needs_response"),
        (204, "lost"),
    ];
    assert_eq!(states, expected);
    assert!(
        all.iter()
            .all(|one| one.is_signed && one.body["type"] == "dispute.updated")
    );
    // The same event, byte for byte.
    assert!(
        all[..3]
            .iter()
            .all(|one| one.id == all[0].id && one.text == all[0].text)
    );
    acknowledged(folder.path(), 2).await;
    assert_eq!(delivered(&platform).await.len(), 4);
    platform.stop().await;
}

#[tokio::test]
async fn a_charge_whose_event_is_refused_does_not_hold_up_another() {
    let platform = network_and_receiver().start().await;
    answer_with(&platform, &[500]).await;
    for key in ["a", "b"] {
        let body = order(key, "sale", "tok_webhook_twice");
        charge(&platform, &body).await.expect(200);
    }
    // Each is delivered twice, one of them once more.
    let all = deliveries(&platform, 5).await;
    let ids: HashSet<_> = all.iter().map(|one| &one.id).collect();
    assert_eq!(ids.len(), 2);
    platform.stop().await;
}

#[tokio::test]
async fn webhooks_are_as_odd_as_their_token_orders() {
    for (token, signed) in [
        ("tok_webhook_twice", &[true, true][..]),
        ("tok_webhook_wrong_signature", &[false, true]),
        ("tok_webhook_early", &[true, true]),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().to_str().unwrap();
        let platform = network_and_receiver().setting("data_dir", data_dir).start().await;
        if token == "tok_webhook_early" {
            // Not taken at once, so that being first is no accident.
            answer_with(&platform, &[500]).await;
        }
        // Even where a badly signed one is taken, it does not count.
        let charge_id = make(&platform, "authorize", token).await;
        if token == "tok_webhook_early" {
            assert_eq!(delivered(&platform).await.len(), 2, "before the answer");
        }
        let seen: Vec<_> = deliveries(&platform, signed.len())
            .await
            .iter()
            .map(|one| one.is_signed)
            .collect();
        assert_eq!(seen, signed, "{token}");
        acknowledged(folder.path(), 1).await;
        follow(&platform, &charge_id, "capture", 400).await;
        let all = deliveries(&platform, signed.len() + 1).await;
        let last = &all.last().unwrap().body["data"];
        assert_eq!(
            (&last["operation"], &last["amount_minor"]),
            (&json!("capture"), &json!(400))
        );
        platform.stop().await;
    }
}

#[tokio::test]
async fn what_was_not_acknowledged_is_told_after_a_restart_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    // Nobody takes it.
    let platform = network().setting("data_dir", data_dir).start().await;
    let charge_id = make(&platform, "authorize", "tok_3ds").await;
    approve(&platform, &charge_id).await;
    let captured = follow(&platform, &charge_id, "capture", 1000).await;
    assert_eq!(captured["outcome"], "approved");
    let claim =
        json!({"charge_id": charge_id, "amount_minor": 600, "reason": "duplicate", "stage": "warning"});
    let dispute = post_to(&platform, "/network/v1/disputes", &claim)
        .await
        .expect(201);
    let before = get_from(&platform, "/network/v1/journal").await.expect(200);
    // What is on disk now is what a killed process leaves.
    let left = tempfile::tempdir().unwrap();
    std::fs::create_dir(left.path().join("simulator")).unwrap();
    let journal = "simulator/journal.jsonl";
    std::fs::copy(folder.path().join(journal), left.path().join(journal)).unwrap();
    platform.stop().await;
    let lines = std::fs::read_to_string(left.path().join(journal)).unwrap();
    let ids: Vec<_> = lines
        .lines()
        .filter_map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            line["event_id"].as_str().map(str::to_owned)
        })
        .collect();

    let data_dir = left.path().to_str().unwrap();
    let platform = network_and_receiver().setting("data_dir", data_dir).start().await;
    let after = get_from(&platform, "/network/v1/journal").await.expect(200);
    assert_eq!(after, before);
    let path = format!("/network/v1/disputes/{}", dispute["dispute_id"].as_str().unwrap());
    assert_eq!(get_from(&platform, &path).await.expect(200), dispute);
    let told = deliveries(&platform, 2).await;
    // Under the ids that it may have been delivered with before.
    assert_eq!(told.iter().map(|one| one.id.clone()).collect::<Vec<_>>(), ids);
    assert_eq!(told[0].body["data"]["connector_key"], "made");
    assert_eq!(told[1].body["data"], dispute);
    acknowledged(left.path(), 2).await;
    platform.stop().await;

    // Taken: only what is new is told.
    let platform = network_and_receiver().setting("data_dir", data_dir).start().await;
    let path = format!("{path}/decide");
    post_to(&platform, &path, &json!({"outcome": "warning_closed"}))
        .await
        .expect(200);
    let told = deliveries(&platform, 1).await;
    assert_eq!(told[0].body["data"]["state"], "warning_closed");
    acknowledged(left.path(), 3).await;
    assert_eq!(delivered(&platform).await.len(), 1);
    platform.stop().await;
}
