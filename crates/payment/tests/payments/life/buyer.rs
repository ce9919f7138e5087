//! The buyer has to act: approves, declines, comes too late, or the shop gives up.

use futures::future::join_all;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Platform};

use crate::asking::{ask, executed, kept, order, read, sums, told};
use crate::sound::{assert_sound, assert_told};
use crate::support::{id, platform, shop, until};

/// Makes a payment that waits for its buyer; returns its id and the path of the page where the buyer acts.
async fn waiting(platform: &Platform, body: &Value) -> (String, String) {
    let answer = platform.post("payment", "/v1/payments", body).await.expect(201);
    assert_eq!(answer["status"], "requires_action", "{answer}");
    let url = answer["next_action"]["redirect_url"].as_str().unwrap();
    assert!(answer["next_action"]["expires_at"].is_string(), "{answer}");
    let page = url.find("/network/").map(|start| url[start..].to_owned());
    (id(&answer), page.unwrap())
}

async fn says(platform: &Platform, page: &str, decision: &str) -> Answer {
    let body = json!({"decision": decision});
    platform
        .send("simulator", None, Method::POST, page, &[], Some(&body))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_payment_goes_on_as_the_buyer_decides() {
    let platform = platform().start().await;
    let shop = shop();
    let one = [("card", 10_000, "tok_3ds")];
    let second = [("card", 6_000, "tok_ok"), ("card", 4_000, "tok_3ds")];
    let both = [("card", 6_000, "tok_3ds"), ("card", 4_000, "tok_3ds")];
    let cases = [
        (
            "sale-approved",
            order("1", shop, &[10_000], &one),
            vec!["approve"],
            "completed",
            [0, 10_000],
        ),
        (
            "sale-declined",
            order("2", shop, &[10_000], &one),
            vec!["decline"],
            "failed",
            [0, 0],
        ),
        (
            "held-approved",
            kept(order("3", shop, &[10_000], &one)),
            vec!["approve"],
            "authorized",
            [10_000, 0],
        ),
        (
            "second-approved",
            order("4", shop, &[10_000], &second),
            vec!["approve"],
            "completed",
            [0, 10_000],
        ),
        (
            "second-declined",
            order("5", shop, &[10_000], &second),
            vec!["decline"],
            "failed",
            [0, 0],
        ),
        (
            "both-approved",
            order("6", shop, &[10_000], &both),
            vec!["approve", "approve"],
            "completed",
            [0, 10_000],
        ),
        (
            "both-second-declined",
            order("7", shop, &[10_000], &both),
            vec!["approve", "decline"],
            "failed",
            [0, 0],
        ),
    ];
    join_all(
        cases
            .into_iter()
            .map(|(name, body, decisions, status, [held, captured])| {
                let platform = &platform;
                async move {
                    let (payment, mut page) = waiting(platform, &body).await;
                    for (place, decision) in decisions.iter().enumerate() {
                        says(platform, &page, decision).await.expect(200);
                        if place + 1 < decisions.len() {
                            page = next_page(platform, &payment, &page).await;
                        }
                    }
                    let read = until(platform, &payment, status).await;
                    assert_eq!(sums(&read)[..2], [held, captured], "{name}: {read}");
                    assert_eq!(read["next_action"], Value::Null, "{name}");
                    let failure = if status == "failed" {
                        json!("authentication_failed")
                    } else {
                        Value::Null
                    };
                    assert_eq!(read["failure"]["code"], failure, "{name}");
                    assert_told(platform, &payment).await;
                }
            }),
    )
    .await;
    assert_sound(&platform).await;
    platform.stop().await;
}

async fn next_page(platform: &Platform, payment: &str, before: &str) -> String {
    crate::asking::eventually("the next page", async || {
        let read = read(platform, payment).await;
        let url = read["next_action"]["redirect_url"].as_str()?;
        let page = url[url.find("/network/")?..].to_owned();
        (page != before).then_some(page)
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_can_not_be_approved_any_more_and_lets_go_of_the_rest() {
    let platform = platform().start().await;
    let shop = shop();
    for (name, tenders, done) in [
        ("one", vec![("card", 10_000, "tok_3ds")], vec!["sale"]),
        (
            "second",
            vec![("card", 6_000, "tok_ok"), ("card", 4_000, "tok_3ds")],
            vec!["authorize", "authorize", "void"],
        ),
    ] {
        let (payment, page) = waiting(&platform, &order(name, shop, &[10_000], &tenders)).await;
        for command in ["capture", "void", "refund"] {
            let problem = ask(&platform, &payment, command, json!({})).await.expect(409);
            assert_eq!(problem["code"], "conflict");
        }
        let answer = ask(&platform, &payment, "cancel", json!({})).await.expect(200);
        assert_eq!(answer["status"], "canceled", "{answer}");
        assert_eq!(answer["failure"]["code"], "canceled", "{answer}");
        assert_eq!(answer["next_action"], Value::Null);
        assert_eq!(says(&platform, &page, "approve").await.status, 409, "{name}");
        assert_eq!(sums(&answer)[..2], [0, 0], "{name}");
        let entries = executed(&platform, &payment).await.into_iter();
        assert_eq!(
            entries.map(|(operation, ..)| operation).collect::<Vec<_>>(),
            done,
            "{name}"
        );
        for topic in ["payment-completed", "payment-failed"] {
            assert!(
                told(&platform, topic, &payment).await.is_empty(),
                "{name} {topic}"
            );
        }
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_given_up_too_late_is_told_as_the_buyer_decided() {
    let platform = platform().start().await;
    let shop = shop();
    for (decision, status) in [("approve", "completed"), ("decline", "failed")] {
        let body = order(decision, shop, &[10_000], &[("card", 10_000, "tok_3ds")]);
        let (payment, page) = waiting(&platform, &body).await;
        says(&platform, &page, decision).await.expect(200);
        let answer = ask(&platform, &payment, "cancel", json!({})).await;
        // The worker may have heard of it first.
        if answer.status == 200 {
            assert_eq!(answer.body["status"], status, "{}", answer.body);
        } else {
            assert_eq!(answer.expect(409)["code"], "conflict");
        }
        until(&platform, &payment, status).await;
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_who_does_not_act_in_time_lets_the_payment_expire() {
    let platform = platform().setting("simulator.action_ms", "700").start().await;
    let shop = shop();
    let one = [("card", 10_000, "tok_3ds")];
    let second = [("card", 6_000, "tok_ok"), ("card", 4_000, "tok_3ds")];
    let cases = [("one", &one[..]), ("second", &second[..])];
    join_all(cases.map(|(name, tenders)| {
        let (platform, body) = (&platform, order(name, shop, &[10_000], tenders));
        async move {
            let (payment, page) = waiting(platform, &body).await;
            let read = until(platform, &payment, "expired").await;
            assert_eq!(sums(&read)[..2], [0, 0], "{name}: {read}");
            assert_eq!(read["failure"]["code"], "expired", "{name}: {read}");
            assert_eq!(says(platform, &page, "approve").await.status, 409, "{name}");
            let problem = ask(platform, &payment, "cancel", json!({})).await.expect(409);
            assert_eq!(problem["code"], "conflict", "{name}");
        }
    }))
    .await;
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_comes_back_to_the_shop() {
    let platform = platform().start().await;
    let shop = shop();
    for (name, return_url) in [
        ("back", Some("https://shop.example/paid?order=1")),
        ("nowhere", None),
    ] {
        let mut body = order(name, shop, &[10_000], &[("card", 10_000, "tok_3ds")]);
        if let Some(url) = return_url {
            body["return_url"] = json!(url);
        }
        let (payment, page) = waiting(&platform, &body).await;
        let address = format!(
            "{}:{}",
            platform.address("simulator").ip(),
            platform.address("simulator").port()
        );
        let answer = form(&address, &page, "decision=approve").await;
        match return_url {
            Some(url) => assert!(answer.contains(&format!("location: {url}\r\n")), "{answer}"),
            None => assert!(answer.starts_with("HTTP/1.1 200"), "{answer}"),
        }
        until(&platform, &payment, "completed").await;
    }
    let mut body = order("odd", shop, &[10_000], &[("card", 10_000, "tok_3ds")]);
    body["return_url"] = json!("javascript:alert(1)");
    let problem = platform.post("payment", "/v1/payments", &body).await.expect(422);
    assert_eq!(problem["errors"][0]["pointer"], "/return_url");
    platform.stop().await;
}

/// What a browser gets that sends a form.
async fn form(address: &str, path: &str, content: &str) -> String {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
    let request = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{content}",
        content.len()
    );
    connection.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).await.unwrap();
    answer
}
