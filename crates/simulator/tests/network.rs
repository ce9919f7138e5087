//! The network over HTTP: each token does what it orders, and a key is executed once.
#![allow(clippy::indexing_slicing, reason = "tests")]

use http::Method;
use serde_json::{Value, json};
use testkit::Platform;

async fn network() -> Platform {
    Platform::of(&[simulator::service()])
        .setting("simulator.slow_ms", "1")
        .setting("simulator.withhold_ms", "1")
        .start()
        .await
}

async fn send(platform: &Platform, method: Method, path: &str, body: Option<&Value>) -> testkit::Answer {
    platform.send("simulator", None, method, path, &[], body).await
}

fn sale(key: &str, token: &str) -> Value {
    json!({"connector_key": key, "operation": "sale", "amount_minor": 1000, "currency": "KRW", "token": token})
}

async fn charge(platform: &Platform, body: &Value) -> testkit::Answer {
    send(platform, Method::POST, "/network/v1/charges", Some(body)).await
}

async fn entries(platform: &Platform) -> Value {
    let answer = send(platform, Method::GET, "/network/v1/journal/count", None).await;
    answer.expect(200)["entries"].clone()
}

#[tokio::test]
async fn each_token_does_what_it_orders_and_a_repeat_says_the_same() {
    let platform = network().await;
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
    ] {
        let body = sale(token, token);
        let one = charge(&platform, &body).await;
        assert_eq!(one.status, first, "{token}");
        let by_key = format!("/network/v1/charges/by-key/{token}");
        let found = send(&platform, Method::GET, &by_key, None).await;
        assert_eq!(found.status == 200, first == 200, "{token}");
        let two = charge(&platform, &body).await;
        assert_eq!(two.status, repeat, "{token}");
        assert_eq!(two.body["outcome"], outcome, "{token}");
        if first == 200 {
            assert_eq!(one.body, two.body, "{token}");
        }
    }
    assert_eq!(entries(&platform).await, 9);
    platform.stop().await;
}

#[tokio::test]
async fn a_key_for_another_order_and_bad_orders_are_refused() {
    let platform = network().await;
    charge(&platform, &sale("k", "tok_ok")).await.expect(200);
    for (field, value, code) in [
        ("amount_minor", json!(2), "idempotency_key_reused"),
        ("amount_minor", json!(-1), "invalid_field"),
        ("currency", json!("krw"), "invalid_field"),
        ("connector_key", json!(""), "invalid_field"),
        ("charge_id", json!("chg_1"), "invalid_field"),
    ] {
        let mut body = sale("k", "tok_ok");
        body[field] = value;
        assert_eq!(
            charge(&platform, &body).await.expect(422)["code"],
            code,
            "{field}"
        );
    }
    assert_eq!(entries(&platform).await, 1);
    platform.stop().await;
}
