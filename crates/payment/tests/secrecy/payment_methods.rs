//! Payment methods: added by a caller for a buyer, used by payments, detached.

use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use chrono::{DateTime, Utc};
use contracts::{Caller, Role};
use http::Method;
use ids::{PartnerId, PaymentMethodId};
use serde_json::{Value, json};
use testkit::{Answer, Logs, Platform, operator};

fn method(holder: &str, token: &str) -> Value {
    json!({
        "connector": "simulator", "kind": "card", "token": token, "holder_reference": holder,
        "brand": "visa", "last_four": "4242", "expires_on": "2030-12",
    })
}

async fn add(platform: &Platform, holder: &str, token: &str) -> Value {
    let body = method(holder, token);
    platform
        .post("payment", "/v1/payment-methods", &body)
        .await
        .expect(201)
}

/// A payment of 10,000 won by a stored method.
fn by_method(reference: &str, shop: PartnerId, method: &Value) -> Value {
    let mut body = card(reference, shop, "");
    body["tenders"][0] = json!({"kind": "card", "amount_minor": 10_000, "payment_method_id": method});
    body
}

async fn pay(platform: &Platform, body: &Value) -> Answer {
    platform.post("payment", "/v1/payments", body).await
}

async fn delete(platform: &Platform, caller: &Caller, id: &str) -> Answer {
    let path = format!("/v1/payment-methods/{id}");
    platform
        .send("payment", Some(caller), Method::DELETE, &path, &[], None)
        .await
}

fn somebody_else() -> Caller {
    Caller {
        id: "usr_somebody_else".to_owned(),
        roles: vec![Role::Operator],
    }
}

fn ids(list: &Value) -> Vec<String> {
    list["data"].as_array().unwrap().iter().map(id).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_added_is_shown_to_its_caller_and_never_its_token() {
    let logs = Logs::capture();
    let platform = platform().start().await;
    let made = add(&platform, "buyer-1", "tok_ok_unseen_by_anybody").await;
    for (field, value) in [
        ("kind", json!("card")),
        ("connector", json!("simulator")),
        ("brand", json!("visa")),
        ("last_four", json!("4242")),
        ("expires_on", json!("2030-12")),
        ("holder_reference", json!("buyer-1")),
        ("is_default", json!(false)),
    ] {
        assert_eq!(made[field], value, "{field}");
    }
    assert!(id(&made).starts_with("pmt_"));
    let other = add(&platform, "buyer-2", "tok_ok").await;
    let path = format!("/v1/payment-methods/{}", id(&made));
    assert_eq!(platform.get("payment", &path).await.expect(200), made);
    for (query, expected) in [
        ("", vec![id(&other), id(&made)]),
        ("?holder_reference=buyer-1", vec![id(&made)]),
        ("?holder_reference=buyer-2", vec![id(&other)]),
        ("?holder_reference=nobody", vec![]),
    ] {
        let path = format!("/v1/payment-methods{query}");
        let list = platform.get("payment", &path).await;
        assert!(!String::from_utf8_lossy(&list.bytes).contains("tok_"));
        assert_eq!(ids(&list.expect(200)), expected, "{query}");
    }
    let stranger = somebody_else();
    let seen = platform
        .send("payment", Some(&stranger), Method::GET, &path, &[], None)
        .await;
    assert_eq!(seen.expect(404)["code"], "not_found");
    delete(&platform, &stranger, &id(&made)).await.expect(404);
    let list = platform.send(
        "payment",
        Some(&stranger),
        Method::GET,
        "/v1/payment-methods",
        &[],
        None,
    );
    assert_eq!(ids(&list.await.expect(200)), [""; 0]);
    let payment = pay(&platform, &by_method("order", shop(), &made["id"])).await;
    assert!(!String::from_utf8_lossy(&payment.bytes).contains("tok_"));
    assert!(!logs.text().contains("unseen_by_anybody"));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_goes_on_where_its_page_ended() {
    let platform = platform().start().await;
    let mut made = Vec::new();
    for number in 0..5 {
        made.push(id(&add(&platform, "buyer", &format!("tok_{number}")).await));
    }
    made.reverse();
    let (mut found, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/v1/payment-methods?holder_reference=buyer&limit=2{cursor}");
        let list = platform.get("payment", &path).await.expect(200);
        found.extend(ids(&list));
        let Some(next) = list["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(found, made);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_added_once_whoever_repeats_it() {
    let platform = platform().start().await;
    let path = "/v1/payment-methods";
    let body = method("buyer", "tok_ok");
    let first = post_with_key(&platform, path, "key", &body).await;
    assert!(is_created(&first));
    let again = post_with_key(&platform, path, "key", &body).await;
    assert!(is_replay(&again) && again.bytes == first.bytes);
    let same = post_with_key(&platform, path, "other", &body).await;
    assert_eq!(same.expect(200), first.body);
    let reused = post_with_key(&platform, path, "key", &method("buyer", "tok_twice")).await;
    assert_eq!(reused.expect(422)["code"], "idempotency_key_reused");
    for (field, value) in [
        ("holder_reference", json!("somebody")),
        ("brand", json!("mastercard")),
        ("last_four", json!("1111")),
        ("expires_on", json!("2031-01")),
    ] {
        let mut other = body.clone();
        other[field] = value;
        let answer = platform.post("payment", path, &other).await;
        assert_eq!(answer.expect(409)["code"], "already_exists", "{field}");
    }
    // Somebody else may have the same token for one of their own.
    let headers = [("idempotency-key", "key")];
    let caller = somebody_else();
    let theirs = platform
        .send(
            "payment",
            Some(&caller),
            Method::POST,
            path,
            &headers,
            Some(&body),
        )
        .await;
    assert_ne!(theirs.expect(201)["id"], first.body["id"]);
    let keyless = platform
        .send("payment", Some(&operator()), Method::POST, path, &[], Some(&body))
        .await;
    assert_eq!(keyless.expect(400)["code"], "idempotency_key_missing");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_who_add_one_token_at_once_one_makes_it() {
    let platform = Arc::new(platform().start().await);
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let platform = Arc::clone(&platform);
            tokio::spawn(async move {
                platform
                    .post("payment", "/v1/payment-methods", &method("buyer", "tok_ok"))
                    .await
            })
        })
        .collect();
    let mut statuses = Vec::new();
    for task in tasks {
        statuses.push(task.await.unwrap().status.as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses[..15], [200; 15]);
    assert_eq!(statuses[15], 201);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_is_paid_by_the_method_that_it_names() {
    let platform = platform().start().await;
    let shop = shop();
    for (token, status) in [("tok_ok", "completed"), ("tok_declined", "failed")] {
        let made = add(&platform, "buyer", token).await;
        let payment = pay(&platform, &by_method(token, shop, &made["id"]))
            .await
            .expect(201);
        assert_eq!(payment["status"], status, "{token}");
        let shown = json!({"id": made["id"], "brand": "visa", "last_four": "4242"});
        assert_eq!(payment["tenders"][0]["payment_method"], shown);
        let read = platform
            .get("payment", &format!("/v1/payments/{}", id(&payment)))
            .await
            .expect(200);
        assert_eq!(read, payment);
    }
    assert_eq!(charges(&platform).await, (1, 1));
    // Asked for now, and made later by the worker.
    let held = ids(&platform.get("payment", "/v1/payment-methods").await.expect(200));
    let body = by_method("later", shop, &json!(held[1]));
    let headers = [("idempotency-key", "later"), ("prefer", "respond-async")];
    let later = post_with(&platform, "/v1/payments", &headers, &body)
        .await
        .expect(202);
    until(&platform, &id(&later), "completed").await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_method_that_can_not_pay_is_a_fault_of_its_field() {
    let now: DateTime<Utc> = "2026-11-26T05:00:00Z".parse().unwrap();
    let platform = platform().clock_at(now).start().await;
    let shop = shop();
    let card = add(&platform, "buyer", "tok_ok").await;
    let mut points = method("buyer", "pts_ok");
    points["kind"] = json!("points");
    let points = platform
        .post("payment", "/v1/payment-methods", &points)
        .await
        .expect(201);
    let mut short = method("buyer", "tok_twice");
    short["expires_on"] = json!("2026-11");
    let short = platform
        .post("payment", "/v1/payment-methods", &short)
        .await
        .expect(201);
    let detached = add(&platform, "buyer", "tok_error").await;
    delete(&platform, &operator(), &id(&detached)).await.expect(204);
    let caller = somebody_else();
    let headers = [("idempotency-key", "key")];
    let body = method("buyer", "tok_ok");
    let theirs = platform.send(
        "payment",
        Some(&caller),
        Method::POST,
        "/v1/payment-methods",
        &headers,
        Some(&body),
    );
    let theirs = theirs.await.expect(201);
    let unknown = json!(PaymentMethodId::generate());
    pay(&platform, &by_method("before", shop, &short["id"]))
        .await
        .expect(201);
    platform.set_clock("2026-12-02T00:00:00Z".parse().unwrap());
    let mut items = Vec::new();
    for (named, fault) in [
        (&card["id"], None),
        (&points["id"], Some("points")),
        (&short["id"], Some("2026-11")),
        (&detached["id"], Some("detached")),
        (&theirs["id"], Some("no such payment method")),
        (&unknown, Some("no such payment method")),
    ] {
        let body = by_method(&format!("order-{named}"), shop, named);
        let answer = pay(&platform, &body).await;
        match fault {
            None => drop(answer.expect(201)),
            Some(part) => {
                let problem = answer.expect(422);
                assert_eq!(
                    problem["errors"][0]["pointer"], "/tenders/0/payment_method_id",
                    "{problem}"
                );
                assert!(problem["detail"].as_str().unwrap().contains(part), "{problem}");
            }
        }
        items.push((by_method(&format!("batch-{named}"), shop, named), fault));
    }
    let batch = json!({"payments": items.iter().map(|(body, _)| body).collect::<Vec<_>>()});
    let answer = platform
        .post("payment", "/v1/payments/batch", &batch)
        .await
        .expect(200);
    for (result, (_, fault)) in answer["results"].as_array().unwrap().iter().zip(&items) {
        let expected = if fault.is_some() { 422 } else { 201 };
        assert_eq!(result["status"], expected, "{result}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tender_names_a_token_or_a_method_and_an_external_one_neither() {
    let platform = platform().start().await;
    let shop = shop();
    let made = add(&platform, "buyer", "tok_ok").await;
    let mut both = by_method("both", shop, &made["id"]);
    both["tenders"][0]["token"] = json!("tok_ok");
    let mut neither = card("neither", shop, "tok_ok");
    neither["tenders"][0].as_object_mut().unwrap().remove("token");
    let mut outside = external("outside", shop);
    outside["tenders"][0]["payment_method_id"] = made["id"].clone();
    for (body, pointer) in [
        (both, "/tenders/0/payment_method_id"),
        (neither, "/tenders/0/token"),
        (outside, "/tenders/0/payment_method_id"),
    ] {
        let problem = pay(&platform, &body).await.expect(422);
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_detached_pays_nothing_new_and_all_that_it_began() {
    let platform = platform().start().await;
    let shop = shop();
    let made = add(&platform, "buyer", "tok_ok").await;
    let mut body = by_method("held", shop, &made["id"]);
    body["capture"] = json!("manual");
    let first = post_with_key(&platform, "/v1/payments", "held", &body).await;
    let payment = format!("/v1/payments/{}", id(&first.clone().expect(201)));
    delete(&platform, &operator(), &id(&made)).await.expect(204);
    delete(&platform, &operator(), &id(&made)).await.expect(404);
    let path = format!("/v1/payment-methods/{}", id(&made));
    platform.get("payment", &path).await.expect(404);
    platform
        .post("payment", &format!("{path}/default"), &json!({}))
        .await
        .expect(404);
    assert_eq!(
        ids(&platform.get("payment", "/v1/payment-methods").await.expect(200)),
        [""; 0]
    );
    let problem = pay(&platform, &card("raw", shop, "tok_ok")).await.expect(422);
    assert_eq!(problem["errors"][0]["pointer"], "/tenders/0", "{problem}");
    let again = platform
        .post("payment", "/v1/payment-methods", &method("buyer", "tok_ok"))
        .await;
    assert_eq!(again.expect(409)["code"], "conflict");
    // The repeat of what was done is answered as before, also by one who has no hint of it.
    let repeat = post_with_key(&platform, "/v1/payments", "held", &body).await;
    assert!(is_replay(&repeat) && repeat.bytes == first.bytes);
    let captured = platform
        .post("payment", &format!("{payment}/capture"), &json!({}))
        .await
        .expect(200);
    assert_eq!(captured["status"], "completed");
    assert_eq!(captured["tenders"][0]["payment_method"]["id"], made["id"]);
    let refunded = platform
        .post("payment", &format!("{payment}/refunds"), &json!({}))
        .await
        .expect(200);
    assert_eq!(refunded["status"], "refunded");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_was_only_seen_is_nobodys_until_it_is_added() {
    let platform = platform().start().await;
    let shop = shop();
    let seen = pay(&platform, &card("seen", shop, "tok_ok")).await.expect(201);
    assert_eq!(seen["tenders"][0]["payment_method"], Value::Null);
    assert_eq!(
        ids(&platform.get("payment", "/v1/payment-methods").await.expect(200)),
        [""; 0]
    );
    let row: uuid::Uuid = sqlx::query_scalar("select payment_method_id from payment_methods")
        .fetch_one(platform.database("payment").db().pool())
        .await
        .unwrap();
    let known = PaymentMethodId::from_uuid(row);
    let path = format!("/v1/payment-methods/{known}");
    platform.get("payment", &path).await.expect(404);
    let problem = pay(&platform, &by_method("named", shop, &json!(known)))
        .await
        .expect(422);
    assert_eq!(problem["errors"][0]["pointer"], "/tenders/0/payment_method_id");

    let added = add(&platform, "buyer", "tok_ok").await;
    assert_eq!(id(&added), known.to_string());
    let path = format!("/v1/payments/{}", id(&seen));
    let payment = platform.get("payment", &path).await.expect(200);
    assert_eq!(payment["tenders"][0]["payment_method"]["last_four"], "4242");
    // By its token it pays as before, and is shown.
    let raw = pay(&platform, &card("raw", shop, "tok_ok")).await.expect(201);
    assert_eq!(raw["tenders"][0]["payment_method"]["id"], added["id"]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_method_of_a_holder_is_the_default_however_many_are_made_it_at_once() {
    let platform = Arc::new(platform().start().await);
    let mut made = Vec::new();
    for number in 0..6 {
        made.push(id(&add(&platform, "buyer", &format!("tok_{number}")).await));
    }
    let other = add(&platform, "somebody", "tok_ok").await;
    let path = |id: &str| format!("/v1/payment-methods/{id}/default");
    let first = platform
        .post("payment", &path(&id(&other)), &json!({}))
        .await
        .expect(200);
    assert_eq!(first["is_default"], true);
    let tasks: Vec<_> = made
        .iter()
        .cycle()
        .take(24)
        .map(|id| {
            let (platform, path) = (Arc::clone(&platform), path(id));
            tokio::spawn(async move { platform.post("payment", &path, &json!({})).await.expect(200) })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap()["is_default"], true);
    }
    let defaults = async |holder: &str| -> Vec<String> {
        let path = format!("/v1/payment-methods?holder_reference={holder}");
        let list = platform.get("payment", &path).await.expect(200);
        let all = list["data"].as_array().unwrap();
        all.iter().filter(|m| m["is_default"] == true).map(id).collect()
    };
    let one = defaults("buyer").await;
    assert_eq!(one.len(), 1);
    assert_eq!(defaults("somebody").await, [id(&other)]);
    delete(&platform, &operator(), &one[0]).await.expect(204);
    assert_eq!(defaults("buyer").await, [""; 0]);
    let stranger = somebody_else();
    let path = path(&id(&other));
    platform
        .send("payment", Some(&stranger), Method::POST, &path, &[], None)
        .await
        .expect(404);
}

/// The server's log tells of the row that a constraint refused, so a token must not be in it.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_two_add_at_once_is_not_told_to_the_servers_log() {
    let logs = Logs::capture();
    let platform = Arc::new(platform().start().await);
    let db = platform.database("payment").db();
    let mut work = db.begin().await.unwrap();
    sqlx::query("lock table payments in exclusive mode")
        .execute(&mut *work)
        .await
        .unwrap();
    let asking = Arc::clone(&platform);
    let asked = tokio::spawn(async move { pay(&asking, &card("order", shop(), "tok_of_two")).await });
    let waits = async {
        let waiting = "select exists (select from pg_locks where relation = 'payments'::regclass
                                         and mode = 'RowExclusiveLock' and not granted)";
        while !sqlx::query_scalar::<_, bool>(waiting)
            .fetch_one(db.pool())
            .await
            .unwrap()
        {}
    };
    let waits = tokio::time::timeout(Duration::from_mins(1), waits).await;
    assert!(waits.is_ok(), "the payment was not about to be written");
    sqlx::query(
        "insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
         values (gen_random_uuid(), $1, 'simulator', 'card', 'tok_of_two', now())",
    )
    .bind(operator().id)
    .execute(&mut *work)
    .await
    .unwrap();
    work.commit().await.unwrap();
    asked.await.unwrap().expect(201);
    // The platform repeats which constraint it was: one that names the row of a card by its id.
    let text = logs.text();
    let refused = |constraint| text.contains(&format!("violates {constraint}"));
    assert!(refused("foreign key constraint \"tenders_payment_method_fk\""));
    assert!(!refused("unique constraint \"payment_methods_token\""));
}
