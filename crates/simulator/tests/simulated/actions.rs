//! A buyer decides on a charge, in a browser or by a program.

use crate::support::*;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use testkit::Platform;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A pending sale; gives the path where its buyer decides.
async fn pending(platform: &Platform, key: &str, return_url: Option<&str>) -> String {
    let mut body = order(key, "sale", "tok_3ds");
    body["return_url"] = json!(return_url);
    let entry = charge(platform, &body).await.expect(200);
    assert_eq!(entry["outcome"], "pending");
    let url = entry["action"]["url"].as_str().unwrap();
    let path = url.strip_prefix("http://127.0.0.1:8090").unwrap();
    let charge_id = entry["result_charge_id"].as_str().unwrap();
    assert_eq!(path, format!("/network/v1/actions/{charge_id}"));
    path.to_owned()
}

/// Sends a form as a browser does; gives the head and the body of the answer.
async fn submit(platform: &Platform, path: &str, form: &str) -> (String, String) {
    let address = platform.address("simulator");
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {}\r\nconnection: close\r\n\r\n{form}",
        form.len()
    );
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.to_owned(), body.to_owned())
}

#[tokio::test]
async fn a_browser_is_shown_two_forms_and_sent_back_to_the_shop() {
    let platform = network().start().await;
    let path = pending(&platform, "k", Some("https://shop.example/back?order=1")).await;
    let page = get_from(&platform, &path).await;
    assert_eq!(page.status, 200);
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    let text = String::from_utf8(page.bytes.to_vec()).unwrap();
    assert_eq!(text.matches("<form method=\"post\">").count(), 2);
    assert!(text.contains("1000 KRW"), "{text}");
    for _twice in 0..2 {
        let (head, _) = submit(&platform, &path, "decision=approve").await;
        assert!(head.starts_with("HTTP/1.1 303"), "{head}");
        assert!(
            head.contains("location: https://shop.example/back?order=1"),
            "{head}"
        );
    }
    assert_eq!(by_key(&platform, "k").await["outcome"], "approved");
    assert_eq!(total(&platform, "captured").await, 1);
    let (head, page) = submit(&platform, &path, "decision=decline").await;
    assert!(head.starts_with("HTTP/1.1 409"), "{head}");
    assert!(
        page.contains("It is approved.") && !page.contains("<form"),
        "{page}"
    );
    // Without a place to go back to there is a page.
    let path = pending(&platform, "l", None).await;
    let (head, page) = submit(&platform, &path, "decision=decline").await;
    assert!(
        head.starts_with("HTTP/1.1 200") && page.contains("It is declined."),
        "{head}"
    );
    let (head, _) = submit(&platform, &path, "decision=perhaps").await;
    assert!(head.starts_with("HTTP/1.1 422"), "{head}");
    platform.stop().await;
}

#[tokio::test]
async fn a_program_gets_the_entry_and_decides_once() {
    let platform = network().start().await;
    for (decision, other, outcome, code, captured) in [
        ("approve", "decline", "approved", Value::Null, 1),
        (
            "decline",
            "approve",
            "declined",
            json!("authentication_failed"),
            1,
        ),
    ] {
        let path = pending(&platform, decision, None).await;
        let entry = post_to(&platform, &path, &json!({"decision": decision}))
            .await
            .expect(200);
        assert_eq!(entry["outcome"], outcome);
        assert_eq!(entry["decline_code"], code);
        assert_eq!(entry, by_key(&platform, decision).await);
        // What is sent again under its key gets it as it is now.
        let mut body = order(decision, "sale", "tok_3ds");
        body["return_url"] = Value::Null;
        assert_eq!(charge(&platform, &body).await.expect(200), entry);
        let late = post_to(&platform, &path, &json!({"decision": other})).await;
        assert_eq!(late.expect(409)["code"], "conflict");
        assert_eq!(total(&platform, "captured").await, captured);
    }
    let nowhere = "/network/v1/actions/chg_unknown";
    get_from(&platform, nowhere).await.expect(404);
    post_to(&platform, nowhere, &json!({"decision": "approve"}))
        .await
        .expect(404);
    let path = pending(&platform, "bad", None).await;
    post_to(&platform, &path, &json!({"decision": "maybe"}))
        .await
        .expect(422);
    platform.stop().await;
}

#[tokio::test]
async fn a_charge_waits_no_longer_than_it_says() {
    let noon: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    let platform = network().clock_at(noon).start().await;
    let path = pending(&platform, "k", None).await;
    let entry = by_key(&platform, "k").await;
    assert_eq!(entry["action"]["expires_at"], "2026-03-01T12:15:00Z");
    platform.set_clock(noon + TimeDelta::minutes(15));
    let entry = ends(&platform, "k", "declined").await;
    assert_eq!(entry["decline_code"], "action_expired");
    assert_eq!(entry["action"], Value::Null);
    post_to(&platform, &path, &json!({"decision": "approve"}))
        .await
        .expect(409);
    assert_eq!(total(&platform, "charges").await, 0);
    platform.stop().await;
}

#[tokio::test]
async fn a_charge_that_waited_while_nobody_ran_expires_at_the_start() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = folder.path().to_str().unwrap();
    let noon: DateTime<Utc> = "2026-03-01T12:00:00Z".parse().unwrap();
    let platform = network()
        .setting("data_dir", data_dir)
        .clock_at(noon)
        .start()
        .await;
    pending(&platform, "k", None).await;
    platform.stop().await;
    let later = noon + TimeDelta::hours(1);
    let platform = network()
        .setting("data_dir", data_dir)
        .clock_at(later)
        .start()
        .await;
    assert_eq!(
        ends(&platform, "k", "declined").await["decline_code"],
        "action_expired"
    );
    platform.stop().await;
}

#[tokio::test]
async fn a_shop_gives_up_a_charge_that_waits() {
    let platform = network().start().await;
    let path = pending(&platform, "k", None).await;
    let charge_id = path.rsplit('/').next().unwrap();
    let given_up = follow(&platform, charge_id, "cancel", 0).await;
    assert_eq!(given_up["outcome"], "approved");
    let entry = by_key(&platform, "k").await;
    assert_eq!(
        (&entry["outcome"], &entry["decline_code"]),
        (&json!("declined"), &json!("canceled"))
    );
    assert_eq!(
        follow(&platform, charge_id, "cancel", 0).await["decline_code"],
        "not_pending"
    );
    platform.stop().await;
}

#[tokio::test]
async fn a_browser_is_never_sent_to_what_is_not_on_the_web() {
    let platform = network().start().await;
    for url in [
        "javascript:alert(1)",
        "shop.example",
        "https://shop.example/\u{2028}",
    ] {
        let mut body = order("k", "sale", "tok_3ds");
        body["return_url"] = json!(url);
        let problem = charge(&platform, &body).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], "/return_url", "{url}");
    }
    assert_eq!(total(&platform, "entries").await, 0);
    platform.stop().await;
}
