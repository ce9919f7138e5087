//! Payments through the card network: each is charged once, whatever the network does.

use std::sync::Arc;

use crate::support::*;
use contracts::{Caller, Role};
use http::Method;
use once::KeyedRequest;
use serde_json::json;
use web::IdempotencyKey;

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_ends_as_its_card_decides_and_is_charged_once() {
    let platform = impatient().start().await;
    let shop = shop();
    let mut charged = 0;
    for (token, answered, at_first, in_the_end, failure, charges_made) in [
        ("tok_ok", 201, "completed", "completed", None, 1),
        ("tok_twice", 201, "completed", "completed", None, 1),
        ("tok_declined", 201, "failed", "failed", Some("card_declined"), 0),
        (
            "tok_insufficient_funds",
            201,
            "failed",
            "failed",
            Some("insufficient_funds"),
            0,
        ),
        ("tok_nonsense", 201, "failed", "failed", Some("invalid_token"), 0),
        ("tok_error", 201, "completed", "completed", None, 1),
        ("tok_timeout", 202, "processing", "completed", None, 1),
        (
            "tok_timeout_not_executed",
            202,
            "processing",
            "completed",
            None,
            1,
        ),
        ("tok_slow", 202, "processing", "completed", None, 1),
    ] {
        let body = card(token, shop, token);
        let first = post_with_key(&platform, "/v1/payments", token, &body).await;
        assert_eq!(first.status, answered, "{token}: {}", first.body);
        assert_eq!(first.body["status"], at_first, "{token}");
        let payment = until(&platform, &id(&first.body), in_the_end).await;
        let code = payment["failure"].get("code").and_then(|code| code.as_str());
        assert_eq!(code, failure, "{token}");
        charged += charges_made;
        assert_eq!(charges(&platform).await, (charged, charged), "{token}");
        let taken = if charges_made == 1 { 10_000 } else { 0 };
        assert_eq!(payment["captured_minor"], taken, "{token}");
        assert_eq!(payment["tenders"][0]["captured_minor"], taken, "{token}");
        for (topic, count) in [
            ("payment-completed", charges_made),
            ("payment-failed", 1 - charges_made),
        ] {
            assert_eq!(
                published(&platform, topic, &id(&payment)).await,
                count,
                "{token} {topic}"
            );
        }
        // The kept answer is the first one.
        let again = post_with_key(&platform, "/v1/payments", token, &body).await;
        assert!(is_replay(&again), "{token}");
        assert_eq!(
            (again.status, &again.bytes),
            (first.status, &first.bytes),
            "{token}"
        );
        assert_eq!(charges(&platform).await, (charged, charged), "{token}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_with_one_key_one_is_made() {
    let platform = Arc::new(platform().start().await);
    let body = Arc::new(card("order", shop(), "tok_ok"));
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (platform, body) = (Arc::clone(&platform), Arc::clone(&body));
            tokio::spawn(async move {
                loop {
                    let answer = post_with_key(&platform, "/v1/payments", "key", &body).await;
                    if answer.body["code"] != "request_in_progress" {
                        return id(&answer.expect(201));
                    }
                    assert!(answer.headers.contains_key("retry-after"));
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let mut made = std::collections::HashSet::new();
    for task in tasks {
        made.insert(task.await.unwrap());
    }
    assert_eq!(made.len(), 1);
    assert_eq!(charges(&platform).await, (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_for_another_body_is_refused_and_a_missing_one_too() {
    let platform = platform().start().await;
    let shop = shop();
    post_with_key(&platform, "/v1/payments", "key", &card("a", shop, "tok_ok"))
        .await
        .expect(201);
    let other = post_with_key(&platform, "/v1/payments", "key", &card("b", shop, "tok_ok")).await;
    assert_eq!(other.expect(422)["code"], "idempotency_key_reused");
    let body = card("c", shop, "tok_ok");
    let none = platform
        .send(
            "payment",
            Some(&testkit::operator()),
            Method::POST,
            "/v1/payments",
            &[],
            Some(&body),
        )
        .await;
    assert_eq!(none.expect(400)["code"], "idempotency_key_missing");
    assert_eq!(charges(&platform).await, (1, 1));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_reference_is_free_again_only_after_a_failure() {
    let platform = platform().start().await;
    let shop = shop();
    let post = async |token| {
        platform
            .post("payment", "/v1/payments", &card("order", shop, token))
            .await
    };
    assert_eq!(post("tok_declined").await.expect(201)["status"], "failed");
    let made = post("tok_ok").await.expect(201);
    let problem = post("tok_ok").await.expect(409);
    assert_eq!(problem["code"], "already_exists");
    assert!(
        problem["detail"].as_str().unwrap().contains(&id(&made)),
        "{problem}"
    );
    assert_eq!(charges(&platform).await, (1, 1));
    let both = platform
        .get("payment", "/v1/payments?order_reference=order")
        .await
        .expect(200);
    assert_eq!(both["data"].as_array().unwrap().len(), 2);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_capture_and_a_void_at_once_exactly_one_wins() {
    let platform = Arc::new(platform().start().await);
    let shop = shop();
    for round in 0..8 {
        let body = held(&format!("order-{round}"), shop, "tok_ok");
        let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
        assert_eq!(payment["status"], "authorized");
        let tasks: Vec<_> = ["capture", "void", "capture", "void"]
            .into_iter()
            .map(|command| {
                let platform = Arc::clone(&platform);
                let path = format!("/v1/payments/{}/{command}", id(&payment));
                tokio::spawn(async move { platform.post("payment", &path, &json!({})).await })
            })
            .collect();
        let mut won = Vec::new();
        for task in tasks {
            let answer = task.await.unwrap();
            if answer.status == 200 {
                won.push(answer.body);
            } else {
                assert_eq!(answer.expect(409)["code"], "conflict");
            }
        }
        assert_eq!(won.len(), 1, "{won:?}");
        let (completed, taken) = if won[0]["status"] == "completed" {
            (1, 10_000)
        } else {
            (0, 0)
        };
        assert_eq!(won[0]["captured_minor"], taken);
        assert_eq!(
            published(&platform, "payment-completed", &id(&payment)).await,
            completed
        );
    }
    assert_eq!(charges(&platform).await.1, 8);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_without_an_amount_is_for_all_of_it_and_kept_under_its_key() {
    let platform = platform().start().await;
    let body = held("order", shop(), "tok_ok");
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    let capture = format!("/v1/payments/{}/capture", id(&payment));
    let odd = platform
        .post("payment", &capture, &json!({"amount_minr": 1}))
        .await;
    assert_eq!(odd.expect(422)["code"], "invalid_field");
    let first = post_with_key(&platform, &capture, "key", &json!({})).await;
    let again = post_with_key(&platform, &capture, "key", &json!({})).await;
    assert_eq!(first.clone().expect(200)["status"], "completed");
    assert!(is_replay(&again) && first.bytes == again.bytes);
    let unknown = "/v1/payments/pay_01jd8m3k7efg8v5n2x4c6b9t0r/void";
    platform.post("payment", unknown, &json!({})).await.expect(404);
    assert_eq!(charges(&platform).await, (1, 1));
    platform.stop().await;
}

/// A service was killed between the intent and the outcome. `executed`: the network had the charge by then.
async fn recovers(executed: bool) {
    let platform = platform().start().await;
    let shop = shop();
    // What was written before the kill, on the model of a payment that went well.
    let model = card("model", shop, "tok_ok");
    let model = id(&platform.post("payment", "/v1/payments", &model).await.expect(201));
    let body = card("killed", shop, "tok_ok");
    let caller = Caller {
        id: "usr_operator".into(),
        roles: vec![Role::Operator],
    };
    let request = KeyedRequest::new(&caller, "POST /v1/payments", &IdempotencyKey("key".into()), &body);
    let killed = ids::PaymentId::generate();
    let connector_key = format!("txn-{killed}");
    if executed {
        let order = json!({"connector_key": connector_key, "operation": "sale", "amount_minor": 10_000,
                           "currency": "KRW", "token": "tok_ok"});
        let path = "/network/v1/charges";
        platform
            .send("simulator", None, Method::POST, path, &[], Some(&order))
            .await
            .expect(200);
    }
    let model: ids::PaymentId = model.parse().unwrap();
    let db = platform.database("payment").db();
    let mut dead = db.begin().await.unwrap();
    for statement in [
        "insert into payments select $1, caller, 'killed', currency, origin, connector, capture, 'processing',
                owed_minor, amount_minor, 0, null, null, sold_at, created_at, updated_at
           from payments where payment_id = $2",
        "insert into tenders select $1, number, gen_random_uuid(), kind, payment_method_id, amount_minor
           from tenders where payment_id = $2",
        "insert into payment_lines select $1, line_number, partner_id, category, unit_price_minor, quantity,
                shipping_minor, tax_free_minor, partner_discount_minor, platform_discount_minor, discounts
           from payment_lines where payment_id = $2",
    ] {
        let copy = sqlx::query(statement).bind(killed.as_uuid()).bind(model.as_uuid());
        copy.execute(&mut *dead).await.unwrap();
    }
    sqlx::query(
        "insert into transactions (transaction_id, payment_id, tender_number, operation, state, amount_minor,
                                   connector_key, due_at, created_at, updated_at)
         values (gen_random_uuid(), $1, 1, 'sale', 'sent', 10000, $2, now() - interval '1 s', now(), now())",
    )
    .bind(killed.as_uuid())
    .bind(&connector_key)
    .execute(&mut *dead)
    .await
    .unwrap();
    sqlx::query(
        "insert into once.keys (scope, fingerprint, subject, lease_until) values ($1, $2, $3, now() - interval '1 s')",
    )
    .bind(request.scope.as_slice())
    .bind(request.fingerprint.as_slice())
    .bind(killed.to_string())
    .execute(&mut *dead)
    .await
    .unwrap();
    dead.commit().await.unwrap();

    let answer = post_with_key(&platform, "/v1/payments", "key", &body).await;
    assert!(matches!(answer.status.as_u16(), 201 | 202), "{}", answer.body);
    assert_eq!(id(&answer.body), killed.to_string());
    until(&platform, &killed.to_string(), "completed").await;
    // The model's and one more, whoever recovered it.
    assert_eq!(charges(&platform).await, (2, 2));
    assert_eq!(
        published(&platform, "payment-completed", &killed.to_string()).await,
        1
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_cut_off_after_its_charge_is_not_charged_again() {
    recovers(true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_cut_off_before_its_charge_is_charged_by_the_repeat() {
    recovers(false).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_payment_is_answered_at_once_and_made_later() {
    let platform = platform().start().await;
    let shop = shop();
    for (body, key) in [
        (card("card", shop, "tok_ok"), "a"),
        (external("external", shop), "b"),
    ] {
        let headers = [("idempotency-key", key), ("prefer", "respond-async, wait=10")];
        let send = || post_with(&platform, "/v1/payments", &headers, &body);
        let first = send().await;
        assert_eq!(first.clone().expect(202)["status"], "requested");
        let payment = until(&platform, &id(&first.body), "completed").await;
        for topic in ["payment-requested", "payment-completed"] {
            assert_eq!(published(&platform, topic, &id(&payment)).await, 1, "{topic}");
        }
        let again = send().await;
        assert!(is_replay(&again) && again.bytes == first.bytes);
    }
    assert_eq!(charges(&platform).await, (1, 1));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn production_takes_no_test_money() {
    let platform = testkit::Platform::of(&[partner_service(), payment::service()])
        .setting("environment", "production")
        .start()
        .await;
    let body = card("order", shop(), "tok_ok");
    let problem = platform.post("payment", "/v1/payments", &body).await.expect(422);
    assert_eq!(problem["errors"][0]["pointer"], "/connector");
    platform.stop().await;
}
