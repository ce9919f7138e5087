//! Payments recorded from elsewhere, one by one and in batches; partners; lists.

use std::collections::HashSet;
use std::sync::Arc;

use crate::support::*;
use contracts::events::{PartnerStatus, PaymentCompleted};
use ids::PartnerId;
use money::Currency;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread")]
async fn what_is_recorded_is_told_whole() {
    let platform = platform().start().await;
    let shop = shop();
    let body = json!({
        "order_reference": "order", "currency": "KRW", "connector": "external", "sold_at": "2026-03-01T03:00:00.123456789Z",
        "lines": [
            {"partner_id": shop, "unit_price_minor": 33_000, "category": "books", "tax_free_minor": 33_000,
             "discounts": [{"amount_minor": 1_500, "funded_by": "partner"},
                           {"amount_minor": 1_500, "funded_by": "platform"}]},
            {"partner_id": shop, "unit_price_minor": 500, "quantity": 3, "shipping_minor": 2_500},
        ],
        "tenders": [{"kind": "bank_transfer", "amount_minor": 30_000}, {"kind": "points", "amount_minor": 4_001}],
    });
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    for (field, value) in [
        ("status", json!("completed")),
        ("owed_minor", json!(34_000)),
        ("amount_minor", json!(34_001)),
        ("captured_minor", json!(34_001)),
        ("origin", json!("external")),
        ("sold_at", json!("2026-03-01T03:00:00.123456Z")),
        ("failure", Value::Null),
    ] {
        assert_eq!(payment[field], value, "{field}");
    }
    let path = format!("/v1/payments/{}", id(&payment));
    assert_eq!(platform.get("payment", &path).await.expect(200), payment);
    let told: Value = sqlx::query_scalar(
        "select payload from bus.outbox where topic = 'payment-completed' and aggregate = $1",
    )
    .bind(id(&payment))
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap();
    let told: PaymentCompleted = serde_json::from_value(told).unwrap();
    assert_eq!(told.lines.len(), 2);
    assert_eq!(told.lines[0].discounts.len(), 2);
    assert_eq!(
        told.tenders.iter().map(|t| t.captured_minor).collect::<Vec<_>>(),
        [30_000, 4_001]
    );
    assert_eq!(told.sold_at.to_rfc3339(), "2026-03-01T03:00:00.123456+00:00");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_with_one_order_reference_one_is_made() {
    let platform = Arc::new(platform().start().await);
    let body = Arc::new(external("order", shop()));
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (platform, body) = (Arc::clone(&platform), Arc::clone(&body));
            tokio::spawn(async move { platform.post("payment", "/v1/payments", &body).await })
        })
        .collect();
    let mut made = Vec::new();
    let mut refused = Vec::new();
    for task in tasks {
        let answer = task.await.unwrap();
        if is_created(&answer) {
            made.push(id(&answer.body));
        } else {
            refused.push(answer.expect(409));
        }
    }
    assert_eq!((made.len(), refused.len()), (1, 63));
    for problem in refused {
        assert_eq!(problem["code"], "already_exists");
        assert!(
            problem["detail"].as_str().unwrap().contains(&made[0]),
            "{problem}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_many_at_once_with_one_key_one_is_recorded_and_the_others_repeat_it() {
    let platform = Arc::new(platform().start().await);
    let body = Arc::new(external("order", shop()));
    let tasks: Vec<_> = (0..64)
        .map(|_| {
            let (platform, body) = (Arc::clone(&platform), Arc::clone(&body));
            tokio::spawn(async move {
                loop {
                    let answer = post_with_key(&platform, "/v1/payments", "key", &body).await;
                    if answer.body["code"] != "request_in_progress" {
                        return (is_replay(&answer), id(&answer.expect(201)));
                    }
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    let (mut first, mut ids) = (0, HashSet::new());
    for task in tasks {
        let (is_replay, id) = task.await.unwrap();
        first += i32::from(!is_replay);
        ids.insert(id);
    }
    assert_eq!((first, ids.len()), (1, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn each_payment_of_a_batch_is_answered_by_itself() {
    let platform = platform().start().await;
    let shop = shop();
    let known = platform
        .post("payment", "/v1/payments", &external("known", shop))
        .await
        .expect(201);
    let mut crooked = external("crooked", shop);
    crooked["lines"][0]["quantity"] = json!(0);
    let batch = json!({"payments": [
        external("a", shop),
        external("known", shop),
        crooked,
        external("a", shop),
        {"order_reference": 5},
        external("stranger", PartnerId::generate()),
        external("b", shop),
    ]});
    let first = post_with_key(&platform, "/v1/payments/batch", "key", &batch).await;
    let results = first.clone().expect(200)["results"].clone();
    let expected = [
        (201, None),
        (409, Some("already_exists")),
        (422, Some("invalid_field")),
        (409, Some("already_exists")),
        (422, Some("invalid_field")),
        (422, Some("unknown_partner")),
        (201, None),
    ];
    for (index, (status, code)) in expected.into_iter().enumerate() {
        let result = &results[index];
        assert_eq!(result["index"], index, "{result}");
        assert_eq!(result["status"], status, "{result}");
        assert_eq!(result["problem"]["code"].as_str(), code, "{result}");
        assert_eq!(result["payment"].is_object(), code.is_none(), "{result}");
    }
    let names = |index: usize, id: &str| results[index]["problem"]["detail"].as_str().unwrap().contains(id);
    assert!(
        names(1, &id(&known)) && names(3, &id(&results[0]["payment"])),
        "{results}"
    );
    let again = post_with_key(&platform, "/v1/payments/batch", "key", &batch).await;
    assert!(is_replay(&again) && again.bytes == first.bytes);
    let list = platform.get("payment", "/v1/payments").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 3);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_can_not_be_read_is_refused_at_the_field_that_is_wrong() {
    let platform = platform().start().await;
    let sound = external("sound", shop());
    for (batch, pointer) in [
        (json!({"payments": [sound], "paymnets": []}), "/paymnets"),
        (json!({"payments": [sound], "a/b": 1}), "/a~1b"),
        (json!({"payments": {}}), "/payments"),
        (json!({"payments": null}), "/payments"),
        (json!({}), ""),
        (json!([[sound]]), ""),
        (json!(null), ""),
    ] {
        let answer = platform.post("payment", "/v1/payments/batch", &batch).await;
        let problem = answer.expect(422);
        assert_eq!(problem["code"], "invalid_field", "{batch}: {problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{batch}: {problem}");
    }
    let list = platform.get("payment", "/v1/payments").await.expect(200);
    assert_eq!(list["data"], json!([]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_has_1_to_1000_payments() {
    let platform = platform().start().await;
    let shop = shop();
    let batch = |count: usize| {
        // All but the last are none: each is refused by itself, and soon.
        let mut payments = vec![Value::Null; count];
        if let Some(last) = payments.last_mut() {
            *last = external(&format!("last-of-{count}"), shop);
        }
        json!({ "payments": payments })
    };
    for count in [1, 1_000] {
        let answer = platform
            .post("payment", "/v1/payments/batch", &batch(count))
            .await
            .expect(200);
        let results = answer["results"].as_array().unwrap();
        assert_eq!(results.len(), count);
        assert_eq!(results[count - 1]["status"], 201, "{count}");
    }
    for count in [0, 1_001] {
        let answer = platform
            .post("payment", "/v1/payments/batch", &batch(count))
            .await;
        let problem = answer.expect(422);
        assert_eq!(problem["code"], "invalid_field", "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], "/payments", "{problem}");
        assert_eq!(
            problem["errors"][0]["detail"],
            format!("give 1 to 1000 payments, not {count}")
        );
    }
    let list = platform.get("payment", "/v1/payments").await.expect(200);
    assert_eq!(list["data"].as_array().unwrap().len(), 2);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_may_mix_recorded_and_charged_payments() {
    let platform = platform().start().await;
    let shop = shop();
    let mut payments: Vec<Value> = (0..40)
        .map(|n| card(&format!("card-{n}"), shop, "tok_ok"))
        .collect();
    payments.push(external("external", shop));
    payments.push(card("declined", shop, "tok_declined"));
    payments.push(card("card-0", shop, "tok_ok"));
    let batch = json!({ "payments": payments });
    let first = post_with_key(&platform, "/v1/payments/batch", "key", &batch).await;
    let answer = first.clone().expect(200);
    let results = answer["results"].as_array().unwrap();
    let made = results
        .iter()
        .filter(|r| r["payment"]["status"] == "completed")
        .count();
    let failed = results
        .iter()
        .filter(|r| r["payment"]["status"] == "failed")
        .count();
    let refused = results.iter().filter(|r| r["status"] == 409).count();
    assert_eq!((made, failed, refused), (41, 1, 1));
    assert!(results.iter().enumerate().all(|(place, r)| r["index"] == place));
    let again = post_with_key(&platform, "/v1/payments/batch", "key", &batch).await;
    assert!(is_replay(&again) && again.bytes == first.bytes);
    assert_eq!(charges(&platform).await, (40, 40));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_the_database_refuses_costs_its_neighbours_nothing() {
    let platform = Arc::new(platform().start().await);
    let shop = shop();
    let poison = "alter table payment_lines add constraint no_poison check (category <> 'poison')";
    let db = platform.database("payment").db();
    let mut work = db.begin().await.unwrap();
    sqlx::query(poison).execute(&mut *work).await.unwrap();
    work.commit().await.unwrap();
    let body = |n: usize| {
        let mut body = external(&format!("order-{n}"), shop);
        body["lines"][0]["category"] = json!(if n % 8 == 3 { "poison" } else { "fine" });
        body
    };
    let batch = json!({"payments": (0..16).map(body).collect::<Vec<_>>()});
    let answer = platform
        .post("payment", "/v1/payments/batch", &batch)
        .await
        .expect(200);
    for (n, result) in answer["results"].as_array().unwrap().iter().enumerate() {
        assert_eq!(result["status"], if n % 8 == 3 { 500 } else { 201 }, "{result}");
    }
    let tasks: Vec<_> = (100..164)
        .map(|n| {
            let (platform, body) = (Arc::clone(&platform), body(n));
            tokio::spawn(async move { (n, platform.post("payment", "/v1/payments", &body).await) })
        })
        .collect();
    for task in tasks {
        let (n, answer) = task.await.unwrap();
        assert_eq!(
            answer.status,
            if n % 8 == 3 { 500 } else { 201 },
            "{}",
            answer.body
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_partner_must_be_known_open_and_contracted() {
    let platform = platform().start().await;
    for (partner, code) in [
        (partner(&[Currency::KRW]), None),
        (partner(&[Currency::USD, Currency::KRW]), None),
        (partner(&[]), None),
        (partner(&[Currency::USD]), Some("currency_not_contracted")),
        (
            partner_in(PartnerStatus::Closed, &[Currency::KRW]),
            Some("invalid_field"),
        ),
        (PartnerId::generate(), Some("unknown_partner")),
    ] {
        let body = external(&partner.to_string(), partner);
        let answer = platform.post("payment", "/v1/payments", &body).await;
        assert_eq!(
            answer.status,
            if code.is_some() { 422 } else { 201 },
            "{}",
            answer.body
        );
        assert_eq!(answer.body["code"].as_str(), code);
        if code.is_some() {
            assert_eq!(answer.body["errors"][0]["pointer"], "/lines/0/partner_id");
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn news_of_a_partner_are_heard() {
    let platform = platform().start().await;
    // The partner service would not know it: only the event tells.
    let id = PartnerId::generate();
    let told = testkit::events::partner_changed(id);
    let outbox = platform.database("partner").outbox();
    let publish = async |event: contracts::events::PartnerChanged| {
        let mut work = outbox.begin().await.unwrap();
        work.publish(&event, chrono::DateTime::UNIX_EPOCH).unwrap();
        work.commit().await.unwrap();
    };
    let becomes = async |status: u16| {
        for attempt in 0.. {
            let body = external(&format!("order-{status}-{attempt}"), id);
            if platform.post("payment", "/v1/payments", &body).await.status == status {
                return;
            }
            assert!(attempt < 1_000, "not {status} in time");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
    };
    becomes(422).await;
    publish(told.clone()).await;
    becomes(201).await;
    publish(contracts::events::PartnerChanged {
        status: PartnerStatus::Closed,
        version: 2,
        ..told
    })
    .await;
    becomes(422).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_partner_service_an_unknown_partner_is_not_refused_but_put_off() {
    let platform = testkit::Platform::of(&[payment::service()]).start().await;
    let answer = platform
        .post("payment", "/v1/payments", &external("order", shop()))
        .await;
    assert!(answer.headers.contains_key("retry-after"));
    assert_eq!(answer.expect(503)["code"], "unavailable");
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_is_narrowed_and_goes_page_by_page() {
    let platform = platform().start().await;
    let (one, two) = (shop(), shop());
    let payments: Vec<Value> = (0..30)
        .map(|n| external(&format!("order-{n}"), if n % 3 == 0 { one } else { two }))
        .collect();
    let batch = json!({ "payments": payments });
    platform
        .post("payment", "/v1/payments/batch", &batch)
        .await
        .expect(200);
    let declined = card("declined", one, "tok_declined");
    platform
        .post("payment", "/v1/payments", &declined)
        .await
        .expect(201);
    for (filter, count) in [
        (String::new(), 31),
        (format!("partner_id={one}"), 11),
        (format!("partner_id={one}&status=failed"), 1),
        ("status=failed".to_owned(), 1),
        ("status=completed".to_owned(), 30),
        ("status=voided".to_owned(), 0),
        ("order_reference=order-7".to_owned(), 1),
        ("order_reference=declined".to_owned(), 1),
    ] {
        let mut seen = Vec::new();
        let mut path = format!("/v1/payments?limit=7&{filter}");
        loop {
            let page = platform.get("payment", &path).await.expect(200);
            seen.extend(page["data"].as_array().unwrap().iter().map(id));
            let Some(cursor) = page["next_cursor"].as_str() else {
                break;
            };
            path = format!("/v1/payments?limit=7&cursor={cursor}");
        }
        let distinct: HashSet<_> = seen.iter().collect();
        assert_eq!((seen.len(), distinct.len()), (count, count), "{filter}");
        assert!(
            seen.is_sorted_by(|a, b| a > b),
            "{filter}: newest first, {seen:?}"
        );
    }
    platform
        .get("payment", "/v1/payments?limit=101")
        .await
        .expect(422);
    platform
        .get("payment", "/v1/payments?colour=red")
        .await
        .expect(400);
    platform.stop().await;
}
