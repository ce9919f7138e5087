//! Payments through the card network that arrive together are opened together, and each is answered by itself.

use std::collections::HashSet;
use std::sync::Arc;

use crate::asking::eventually;
use crate::sound::assert_sound;
use crate::support::*;
use http::Method;
use ids::PartnerId;
use serde_json::{Value, json};
use testkit::{Answer, Platform, operator};
use tokio::task::JoinHandle;

pub(super) fn pay(platform: &Arc<Platform>, key: String, body: Value) -> JoinHandle<Answer> {
    let platform = Arc::clone(platform);
    tokio::spawn(async move { post_with_key(&platform, "/v1/payments", &key, &body).await })
}

/// Has what `ask` asks for wait for the table of payments, until a group is about to be written.
async fn crowd<T>(platform: &Platform, ask: impl FnOnce() -> T) -> T {
    crowd_while(platform, "select", ask).await
}

/// The same, while a statement is done.
async fn crowd_while<T>(platform: &Platform, statement: &'static str, ask: impl FnOnce() -> T) -> T {
    let db = platform.database("payment").db();
    let mut work = db.begin().await.unwrap();
    sqlx::query("lock table payments in exclusive mode")
        .execute(&mut *work)
        .await
        .unwrap();
    let asked = ask();
    eventually("a group waits", async || {
        let waiting: i64 = sqlx::query_scalar(
            "select count(*) from pg_locks
              where relation = 'payments'::regclass and mode = 'RowExclusiveLock' and not granted",
        )
        .fetch_one(db.pool())
        .await
        .unwrap();
        (waiting >= 1).then_some(())
    })
    .await;
    sqlx::query(statement).execute(&mut *work).await.unwrap();
    work.commit().await.unwrap();
    asked
}

pub(super) async fn by_sql(platform: &Platform, statement: &'static str) -> u64 {
    let mut work = platform.database("payment").db().begin().await.unwrap();
    let done = sqlx::query(statement).execute(&mut *work).await.unwrap();
    work.commit().await.unwrap();
    done.rows_affected()
}

async fn stored(platform: &Platform, token: &str) -> String {
    let body = json!({ "connector": "simulator", "kind": "card", "token": token, "holder_reference": "buyer",
                       "brand": "visa", "last_four": "4242" });
    let made = platform.post("payment", "/v1/payment-methods", &body).await;
    id(&made.expect(201))
}

/// What is asked for, and what is answered: the status, and the payment's or the problem's code.
const KINDS: &[(&str, u16, &str)] = &[
    ("fine", 201, "completed"),
    ("declined", 201, "failed"),
    ("held", 201, "authorized"),
    ("stored", 201, "completed"),
    ("detached", 422, "invalid_field"),
    ("half detached", 422, "invalid_field"),
    ("taken", 409, "already_exists"),
    ("reused", 422, "idempotency_key_reused"),
    ("poison", 500, "internal"),
];

fn body(kind: &str, n: usize, shop: PartnerId) -> Value {
    let reference = format!("{kind}-{n}");
    match kind {
        "declined" => card(&reference, shop, "tok_declined"),
        "held" => held(&reference, shop, "tok_ok"),
        "stored" => card(&reference, shop, "tok_3ds_frictionless"),
        "detached" => card(&reference, shop, "tok_twice"),
        "half detached" => {
            let mut body = card(&reference, shop, "tok_twice");
            body["tenders"] = json!([
                {"kind": "card", "amount_minor": 6_000, "token": "tok_twice"},
                {"kind": "voucher", "amount_minor": 4_000, "token": format!("vch_new_{n}")},
            ]);
            body
        }
        "taken" => card("before", shop, &format!("tok_new_{n}")),
        "poison" => {
            let mut body = card(&reference, shop, "tok_ok");
            body["lines"][0]["category"] = json!("poison");
            body
        }
        _ => card(&reference, shop, "tok_ok"),
    }
}

/// With and without one that the database refuses.
async fn each_is_answered_by_itself(kinds: &'static [(&str, u16, &str)]) {
    let platform = Arc::new(platform().start().await);
    let shop = shop();
    let poison = "alter table payment_lines add constraint no_poison check (category <> 'poison')";
    by_sql(&platform, poison).await;
    let method = stored(&platform, "tok_3ds_frictionless").await;
    let path = format!("/v1/payment-methods/{}", stored(&platform, "tok_twice").await);
    platform
        .send("payment", Some(&operator()), Method::DELETE, &path, &[], None)
        .await
        .expect(204);
    let before = card("before", shop, "tok_ok");
    let first = post_with_key(&platform, "/v1/payments", "before", &before).await;
    first.expect(201);
    let asked = crowd(&platform, || {
        let all = (0..6).flat_map(|n| kinds.iter().map(move |kind| (n, kind)));
        let ask = |(n, kind): (usize, &'static (&str, u16, &str))| {
            let key = match kind.0 {
                "reused" => "before".to_owned(),
                _ => format!("{}-{n}", kind.0),
            };
            (kind, pay(&platform, key, body(kind.0, n, shop)))
        };
        all.map(ask).collect::<Vec<_>>()
    })
    .await;
    let mut ids = HashSet::new();
    for ((kind, status, code), answer) in asked {
        let answer = answer.await.unwrap();
        assert_eq!(answer.status, *status, "{kind}: {}", answer.body);
        let told = if *status == 201 {
            &answer.body["status"]
        } else {
            &answer.body["code"]
        };
        assert_eq!(told, code, "{kind}: {}", answer.body);
        if *status == 201 {
            let path = format!("/v1/payments/{}", id(&answer.body));
            assert_eq!(
                platform.get("payment", &path).await.expect(200),
                answer.body,
                "{kind}"
            );
            assert!(ids.insert(id(&answer.body)), "{kind}");
        }
        let shown = answer.body["tenders"][0]["payment_method"]["id"].as_str();
        assert_eq!(
            shown,
            Some(method.as_str()).filter(|_| *kind == "stored"),
            "{kind}"
        );
    }
    let unused: i64 = sqlx::query_scalar(
        "select count(*) from payment_methods m
          where holder_reference is null
            and not exists (select from tenders t where t.payment_method_id = m.payment_method_id)",
    )
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap();
    assert_eq!(unused, 0, "of what is refused no means stays");
    // What was refused may be asked for again under its key: nothing stays claimed.
    let mended = card("mended", shop, "tok_ok");
    for kind in kinds
        .iter()
        .filter(|kind| matches!(kind.0, "detached" | "half detached" | "taken" | "poison"))
    {
        let key = format!("{}-0", kind.0);
        let mut mended = mended.clone();
        mended["order_reference"] = json!(key);
        let answer = post_with_key(&platform, "/v1/payments", &key, &mended).await;
        assert_eq!(answer.expect(201)["status"], "completed", "{}", kind.0);
    }
    assert_sound(&platform).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_of_a_group_is_answered_by_itself() {
    each_is_answered_by_itself(&KINDS[..8]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_database_refuses_costs_its_neighbours_nothing() {
    each_is_answered_by_itself(KINDS).await;
}

/// Of three at once the second has the first one's order reference and the third one's key.
#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_answered_with_anothers_payment() {
    let platform = Arc::new(platform().start().await);
    let shop = shop();
    let asked = crowd(&platform, || {
        let three = |n| {
            [("first", "one"), ("second", "one"), ("second", "two")]
                .map(|(key, order)| (format!("{key}-{n}"), format!("{order}-{n}")))
        };
        let ask = |(key, order): (String, String)| {
            let body = card(&order, shop, "tok_ok");
            (key.clone(), body.clone(), pay(&platform, key, body))
        };
        (0..12).flat_map(three).map(ask).collect::<Vec<_>>()
    })
    .await;
    let mut made = 0;
    for (key, body, answer) in asked {
        let answer = answer.await.unwrap();
        if answer.status == 201 {
            made += 1;
            assert_eq!(answer.body["order_reference"], body["order_reference"], "{key}");
            let again = post_with_key(&platform, "/v1/payments", &key, &body).await;
            assert_eq!(again.bytes, answer.bytes, "{key}");
        } else {
            assert!(
                [409, 422].contains(&answer.status.as_u16()),
                "{key}: {}",
                answer.body
            );
        }
    }
    // Of each three at least one was made, and at most two.
    assert!((12..=24).contains(&made), "{made}");
    assert_sound(&platform).await;
}

/// What a group found no trace of is there when it is written.
#[tokio::test(flavor = "multi_thread")]
async fn a_card_that_somebody_else_adds_meanwhile_is_known_once() {
    let platform = Arc::new(platform().start().await);
    let shop = shop();
    let first = post_with_key(
        &platform,
        "/v1/payments",
        "before",
        &card("before", shop, "tok_ok"),
    )
    .await;
    first.expect(201);
    let add = "insert into payment_methods (payment_method_id, caller, connector, kind, token, created_at)
               select gen_random_uuid(), caller, 'simulator', 'card', 'tok_3ds_frictionless', created_at
                 from payments";
    let asked = crowd_while(&platform, add, || {
        let ask = |n| {
            pay(
                &platform,
                format!("key-{n}"),
                card(&format!("order-{n}"), shop, "tok_3ds_frictionless"),
            )
        };
        (0..6).map(ask).collect::<Vec<_>>()
    })
    .await;
    for answer in asked {
        assert_eq!(answer.await.unwrap().expect(201)["status"], "completed");
    }
    let known = "update payment_methods set token = token where token = 'tok_3ds_frictionless'";
    assert_eq!(by_sql(&platform, known).await, 1);
    assert_sound(&platform).await;
}

/// What stands in the way is looked for once, and the others are written without it.
#[tokio::test(flavor = "multi_thread")]
async fn neighbours_of_what_is_not_new_are_written_together() {
    const NEW: usize = 12;
    let platform = Arc::new(platform().start().await);
    let shop = shop();
    let pay_by_card = |key: &str, reference: &str| {
        let body = card(reference, shop, "tok_ok");
        pay(&platform, key.to_owned(), body)
    };
    pay_by_card("before", "before").await.unwrap().expect(201);
    let (new, taken, used) = crowd(&platform, || {
        let new = (0..NEW).map(|n| pay_by_card(&format!("new-{n}"), &format!("new-{n}")));
        (
            new.collect::<Vec<_>>(),
            pay_by_card("other", "before"),
            pay_by_card("before", "other"),
        )
    })
    .await;
    for answer in new {
        answer.await.unwrap().expect(201);
    }
    taken.await.unwrap().expect(409);
    used.await.unwrap().expect(422);
    // Lines are written once, with their payment: who wrote them is the transaction that wrote it. The first payment is a
    // group alone, and each alone would be as many as there are.
    let statements: i64 = sqlx::query_scalar(
        "select count(distinct xmin::text) from payment_lines
          where payment_id in (select payment_id from payments where order_reference like 'new-%')",
    )
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap();
    assert!(statements <= 6, "{NEW} payments in {statements} transactions");
    assert_sound(&platform).await;
}
