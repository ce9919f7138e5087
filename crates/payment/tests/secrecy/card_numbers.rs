//! A card number anywhere in a request is refused, and neither kept nor logged.

use crate::support::*;
use http::Method;
use serde_json::{Value, json};
use testkit::{Answer, Logs, Platform, operator};

/// As requests write it, and as whoever stored or logged it might.
const SPELLINGS: &[&str] = &[
    "4111111111111111",
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "４１１１１１１１１１１１１１１１",
];

async fn nothing_of_it_is_left(platform: &Platform, logs: &Logs) {
    let logged = logs.text();
    assert!(logged.contains("/v1/payments"), "requests are logged");
    for spelt in SPELLINGS.iter().chain(&["4111%20", "4111+1111", "11111111"]) {
        assert!(!logged.contains(spelt), "{spelt} was logged");
        assert_eq!(
            platform.database("payment").tables_with(spelt).await,
            [""; 0],
            "{spelt}"
        );
    }
}

fn refused_at(answer: &Answer, pointer: &str) {
    let text = String::from_utf8_lossy(&answer.bytes);
    assert_eq!(answer.status, 422, "{pointer}: {text}");
    assert_eq!(answer.body["code"], "card_number_refused", "{pointer}");
    assert_eq!(answer.body["errors"][0]["pointer"], pointer);
    for spelt in SPELLINGS {
        assert!(!text.contains(spelt), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_in_a_body_is_refused_wherever_it_stands() {
    let logs = Logs::capture();
    let platform = platform().start().await;
    let shop = shop();
    let made = platform
        .post("payment", "/v1/payments", &held("sound", shop, "tok_ok"))
        .await;
    let payment = format!("/v1/payments/{}", id(&made.expect(201)));
    let with = |pointer: &str, value: Value| {
        let mut body = card("order", shop, "tok_ok");
        *body.pointer_mut(pointer).unwrap() = value;
        body
    };
    for spelt in SPELLINGS {
        let text = format!("paid by {spelt}, thanks");
        let mut named = card("order", shop, "tok_ok");
        named["tenders"][0][*spelt] = json!(1);
        let mut elsewhere = card("order", shop, "tok_ok");
        elsewhere["lines"][0]["category"] = json!(text);
        elsewhere["return_url"] = json!("https://shop.example/");
        for (path, body, pointer) in [
            (
                "/v1/payments".to_owned(),
                with("/order_reference", json!(spelt)),
                "/order_reference",
            ),
            (
                "/v1/payments".to_owned(),
                with("/tenders/0/token", json!(spelt)),
                "/tenders/0/token",
            ),
            (
                "/v1/payments".to_owned(),
                with("/currency", json!([{"x": text}])),
                "/currency/0/x",
            ),
            ("/v1/payments".to_owned(), elsewhere, "/lines/0/category"),
            ("/v1/payments".to_owned(), named, "/tenders/0"),
            (
                format!("{payment}/capture"),
                json!({"amount_minor": 1, "note": text}),
                "/note",
            ),
            (format!("{payment}/refunds"), json!({"reason": text}), "/reason"),
            (format!("{payment}/void"), json!({(*spelt): 1}), ""),
            (
                "/v1/payment-methods".to_owned(),
                json!({"connector": "simulator", "kind": "card", "token": spelt, "holder_reference": "buyer"}),
                "/token",
            ),
        ] {
            refused_at(&platform.post("payment", &path, &body).await, pointer);
        }
    }
    nothing_of_it_is_left(&platform, logs).await;
    assert_eq!(charges(&platform).await.1, 1);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_number_in_an_address_or_a_key_is_refused() {
    let logs = Logs::capture();
    let platform = platform().start().await;
    let body = card("order", shop(), "tok_ok");
    for (path, key, pointer) in [
        ("/v1/payments/4111111111111111", "key", "path"),
        ("/v1/payments/4111-1111-1111-1111/capture", "key", "path"),
        ("/v1/payments/%34111111111111111", "key", "path"),
        (
            "/v1/payments?order_reference=4111111111111111",
            "key",
            "order_reference",
        ),
        (
            "/v1/payments?order_reference=4111%201111%201111+1111",
            "key",
            "order_reference",
        ),
        ("/v1/payments?4111111111111111=x", "key", "query"),
        (
            "/v1/payment-methods?holder_reference=4111111111111111",
            "key",
            "holder_reference",
        ),
        ("/v1/payments", "pan-4111111111111111", "Idempotency-Key"),
        ("/v1/payments/batch", "4111 1111 1111 1111", "Idempotency-Key"),
        ("/v1/payments/batch?x=4111111111111111", "key", "x"),
    ] {
        for method in [Method::POST, Method::GET] {
            let operator = operator();
            let headers = [("idempotency-key", key)];
            let answer = platform.send("payment", Some(&operator), method, path, &headers, Some(&body));
            let answer = answer.await;
            // Not every address has both methods.
            if answer.status != 405 {
                refused_at(&answer, pointer);
            }
        }
    }
    let headers = [("x-request-id", "4111111111111111")];
    let answer = platform
        .send(
            "payment",
            Some(&operator()),
            Method::GET,
            "/v1/payments",
            &headers,
            None,
        )
        .await;
    assert_eq!(answer.status, 200);
    assert!(
        answer.headers["x-request-id"]
            .to_str()
            .unwrap()
            .starts_with("req_")
    );
    nothing_of_it_is_left(&platform, logs).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_batch_the_payment_with_a_card_number_is_refused_and_no_other() {
    let logs = Logs::capture();
    let platform = platform().start().await;
    let shop = shop();
    for (key, live) in [("all-external", false), ("one-live", true)] {
        let sound = |name: &str| {
            if live {
                card(&format!("{key}-{name}"), shop, "tok_ok")
            } else {
                external(&format!("{key}-{name}"), shop)
            }
        };
        let mut odd = sound("odd");
        odd["lines"][0]["category"] = json!("4111 1111 1111 1111");
        let batch = json!({"payments": [sound("first"), odd, sound("last")]});
        let first = post_with_key(&platform, "/v1/payments/batch", key, &batch).await;
        let results = first.clone().expect(200)["results"].clone();
        let statuses: Vec<_> = results
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["status"].clone())
            .collect();
        assert_eq!(statuses, [201, 422, 201], "{results}");
        let problem = &results[1]["problem"];
        assert_eq!(problem["code"], "card_number_refused");
        assert_eq!(problem["errors"][0]["pointer"], "/lines/0/category");
        let again = post_with_key(&platform, "/v1/payments/batch", key, &batch).await;
        assert!(is_replay(&again) && again.bytes == first.bytes);
    }
    for batch in [
        json!({"payments": [external("whole", shop)], "4111111111111111": 1}),
        json!({"payments": {"a": "4111111111111111"}}),
        json!({"payments": [external("whole", shop)], "note": "4111111111111111"}),
    ] {
        let answer = platform.post("payment", "/v1/payments/batch", &batch).await;
        assert_eq!(answer.expect(422)["code"], "card_number_refused");
    }
    nothing_of_it_is_left(&platform, logs).await;
    assert_eq!(
        platform
            .database("payment")
            .tables_with("all-external-first")
            .await
            .len(),
        3
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_wrong_batch_quotes_no_card_number() {
    let logs = Logs::capture();
    let platform = platform().start().await;
    let shop = shop();
    let quotes_none = |answer: &Answer| {
        let text = String::from_utf8_lossy(&answer.bytes).into_owned();
        assert!(SPELLINGS.iter().all(|spelt| !text.contains(spelt)), "{text}");
    };
    let number = 4_111_111_111_111_111_i64;
    let batch = json!({ "payments": number });
    let answer = platform.post("payment", "/v1/payments/batch", &batch).await;
    quotes_none(&answer);
    let problem = answer.expect(422);
    assert_eq!(problem["code"], "invalid_field");
    assert_eq!(problem["errors"][0]["pointer"], "/payments");
    let with = |change: fn(&mut Value)| {
        let mut body = external("order", shop);
        change(&mut body);
        body
    };
    let batch = json!({"payments": [
        with(|body| body["tenders"][0]["4111111111111111"] = json!(1)),
        with(|body| body["connector"] = json!("4111 1111 1111 1111")),
        with(|body| body["connector"] = json!(4_111_111_111_111_111_i64)),
        with(|body| body["tenders"][0]["kind"] = json!(4_111_111_111_111_111_i64)),
        number,
    ]});
    let answer = platform.post("payment", "/v1/payments/batch", &batch).await;
    quotes_none(&answer);
    let results = answer.expect(200)["results"].clone();
    for (index, (code, pointer)) in [
        ("card_number_refused", "/tenders/0"),
        ("card_number_refused", "/connector"),
        ("invalid_field", "/connector"),
        ("invalid_field", "/tenders/0/kind"),
        ("invalid_field", ""),
    ]
    .into_iter()
    .enumerate()
    {
        let problem = &results[index]["problem"];
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    nothing_of_it_is_left(&platform, logs).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_amount_that_reads_like_a_card_number_is_taken() {
    let platform = platform().start().await;
    let mut body = external("order", shop());
    let minor = 378_282_246_310_005_i64;
    body["lines"][0]["unit_price_minor"] = json!(minor);
    body["tenders"][0]["amount_minor"] = json!(minor);
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    assert_eq!(payment["captured_minor"], minor);
    // Typed where a text belongs it is refused like any other number, and not quoted.
    body["order_reference"] = json!(4_111_111_111_111_111_i64);
    let answer = platform.post("payment", "/v1/payments", &body).await;
    assert!(!String::from_utf8_lossy(&answer.bytes).contains("4111111111111111"));
    assert_eq!(answer.expect(422)["errors"][0]["pointer"], "/order_reference");
    platform.stop().await;
}
