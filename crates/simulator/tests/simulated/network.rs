//! The network over HTTP: each token does what it orders, and a key is executed once.

use crate::support::*;
use serde_json::{Value, json};

fn sale(key: &str, token: &str) -> Value {
    order(key, "sale", token)
}

#[tokio::test]
async fn each_token_does_what_it_orders_and_a_repeat_says_the_same() {
    let platform = network().start().await;
    for (token, first, repeat, outcome) in [
        ("tok_ok", 200, 200, "approved"),
        ("tok_twice", 200, 200, "approved"),
        ("tok_declined", 200, 200, "declined"),
        ("tok_insufficient_funds", 200, 200, "declined"),
        ("tok_nonsense", 200, 200, "declined"),
        ("tok_timeout", 200, 200, "approved"),
        ("tok_slow", 200, 200, "approved"),
        ("tok_timeout_not_executed", 504, 200, "approved"),
        ("tok_error", 500, 200, "approved"),
        ("tok_3ds", 200, 200, "pending"),
        ("tok_3ds_frictionless", 200, 200, "approved"),
        ("vch_ok", 200, 200, "approved"),
        ("vch_declined", 200, 200, "declined"),
        ("pts_ok", 200, 200, "approved"),
        ("pts_declined", 200, 200, "declined"),
        ("pts_insufficient", 200, 200, "declined"),
    ] {
        let body = sale(token, token);
        let one = charge(&platform, &body).await;
        assert_eq!(one.status, first, "{token}");
        let by_key = format!("/network/v1/charges/by-key/{token}");
        let found = get_from(&platform, &by_key).await;
        assert_eq!(found.status == 200, first == 200, "{token}");
        let two = charge(&platform, &body).await;
        assert_eq!(two.status, repeat, "{token}");
        assert_eq!(two.body["outcome"], outcome, "{token}");
        if first == 200 {
            assert_eq!(one.body, two.body, "{token}");
        }
    }
    assert_eq!(total(&platform, "entries").await, 16);
    platform.stop().await;
}

#[tokio::test]
async fn a_key_for_another_order_and_bad_orders_are_refused() {
    let platform = network().start().await;
    charge(&platform, &sale("k", "tok_ok")).await.expect(200);
    for (field, value, code) in [
        ("amount_minor", json!(2), "idempotency_key_reused"),
        ("amount_minor", json!(-1), "invalid_field"),
        ("currency", json!("krw"), "invalid_field"),
        ("connector_key", json!(""), "invalid_field"),
        ("charge_id", json!("chg_1"), "invalid_field"),
        ("operation", json!("capture"), "invalid_field"),
        ("operation", json!("cancel"), "invalid_field"),
    ] {
        let mut body = sale("k", "tok_ok");
        body[field] = value;
        assert_eq!(
            charge(&platform, &body).await.expect(422)["code"],
            code,
            "{field}"
        );
    }
    assert_eq!(total(&platform, "entries").await, 1);
    platform.stop().await;
}

#[tokio::test]
async fn a_charge_is_taken_and_given_back_in_parts() {
    let platform = network().start().await;
    let charge_id = make(&platform, "authorize", "tok_ok").await;
    for (operation, amount_minor, code) in [
        ("capture", 400, None),
        ("capture", 601, Some("exceeds_authorized")),
        ("increment", 100, None),
        ("capture", 300, None),
        ("void", 401, Some("exceeds_authorized")),
        ("void", 400, None),
        ("void", 1, Some("nothing_held")),
        ("increment", 1, Some("nothing_held")),
        ("refund", 500, None),
        ("refund", 201, Some("exceeds_captured")),
        ("refund", 200, None),
        ("cancel", 0, Some("not_pending")),
    ] {
        let entry = follow(&platform, &charge_id, operation, amount_minor).await;
        assert_eq!(entry["decline_code"].as_str(), code, "{operation} {amount_minor}");
        assert_eq!(entry["result_charge_id"], charge_id.as_str());
    }
    for (name, count) in [("entries", 13), ("charges", 1), ("captured", 2), ("refunded", 2)] {
        assert_eq!(total(&platform, name).await, count, "{name}");
    }
    platform.stop().await;
}

#[tokio::test]
async fn an_authorization_says_when_it_expires_and_does() {
    let noon: chrono::DateTime<chrono::Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    let platform = network().clock_at(noon).start().await;
    let charge_id = make(&platform, "authorize", "tok_ok").await;
    assert_eq!(
        by_key(&platform, "made").await["expires_at"],
        "2026-03-08T12:00:00Z"
    );
    platform.set_clock(noon + chrono::TimeDelta::days(7));
    let late = follow(&platform, &charge_id, "capture", 1).await;
    assert_eq!(late["decline_code"], "authorization_expired");
    assert_eq!(
        follow(&platform, &charge_id, "void", 1000).await["outcome"],
        "approved"
    );
    platform.stop().await;
}

#[tokio::test]
async fn a_refund_may_fail_after_it_was_approved() {
    let platform = network_and_receiver().start().await;
    let charge_id = make(&platform, "sale", "tok_refund_fails_later").await;
    let refund = follow(&platform, &charge_id, "refund", 1000).await;
    assert_eq!(refund["outcome"], "approved");
    let key = refund["connector_key"].as_str().unwrap();
    let failed = ends(&platform, key, "declined").await;
    assert_eq!(failed["decline_code"], "refund_failed");
    let told = deliveries(&platform, 1).await.remove(0);
    assert_eq!(
        (&told.body["type"], &told.body["data"]),
        (&json!("charge.updated"), &failed)
    );
    assert_eq!(total(&platform, "refunded").await, 0);
    platform.stop().await;
}

#[tokio::test]
async fn only_the_first_answer_to_the_operation_of_its_token_is_withheld() {
    for (token, made, withheld) in [
        ("tok_capture_timeout", "authorize", "capture"),
        ("tok_refund_timeout", "sale", "refund"),
    ] {
        // Withheld for longer than anybody waits.
        let platform = network().setting("simulator.withhold_ms", "25000").start().await;
        let charge_id = make(&platform, made, token).await;
        let mut body = order("late", withheld, token);
        body["charge_id"] = json!(charge_id);
        body["amount_minor"] = json!(600);
        let answers = tokio::select! {
            _ = charge(&platform, &body) => "first",
            entry = ends_when_known(&platform, "late") => {
                assert_eq!(entry["outcome"], "approved");
                // Executed; a repeat is answered at once.
                assert_eq!(charge(&platform, &body).await.expect(200), entry);
                "repeat"
            }
        };
        assert_eq!(answers, "repeat", "{token}");
        platform.stop().await;
    }
}

async fn ends_when_known(platform: &testkit::Platform, key: &str) -> Value {
    let path = format!("/network/v1/charges/by-key/{key}");
    let look = || get_from(platform, &path);
    let found = testkit::event_log::eventually(look, |answer| answer.status == 200).await;
    found.expect(200)
}

#[tokio::test]
async fn a_journal_of_the_first_format_is_read() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("simulator")).unwrap();
    let line = |sequence: u64, key: &str, operation: &str, more: &str| {
        format!(
            r#"{{"sequence":{sequence},"connector_key":"{key}","operation":"{operation}","amount_minor":1000,"currency":"KRW","token":"tok_ok",{more}"executed_at":"2026-01-01T00:00:00.123456789Z"}}"#
        )
    };
    let made = r#""outcome":"approved","result_charge_id":"chg_1","#;
    let followed = r#""charge_id":"chg_1","outcome":"approved","result_charge_id":"chg_1","#;
    let old = [
        line(1, "a", "authorize", made),
        line(2, "b", "capture", followed),
        line(
            3,
            "c",
            "sale",
            r#""outcome":"declined","decline_code":"card_declined","#,
        ),
    ];
    let path = folder.path().join("simulator/journal.jsonl");
    std::fs::write(&path, old.join("\n") + "\n").unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let platform = network().setting("data_dir", data_dir).start().await;
    let entries = get_from(&platform, "/network/v1/journal").await.expect(200);
    assert_eq!(entries["count"], 3);
    for (entry, line) in entries["data"].as_array().unwrap().iter().zip(&old) {
        assert_eq!(*entry, serde_json::from_str::<Value>(line).unwrap());
    }
    assert_eq!(follow(&platform, "chg_1", "refund", 1000).await["sequence"], 4);
    assert_eq!(total(&platform, "refunded").await, 1);
    platform.stop().await;
}
