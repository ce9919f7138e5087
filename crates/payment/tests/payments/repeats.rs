//! Repeats of requests that were cut off: each is told what its key already made, and nothing is made twice.

use crate::support::*;
use contracts::events::{PartnerChanged, PartnerStatus};
use contracts::{Caller, Role};
use ids::PartnerId;
use once::KeyedRequest;
use serde_json::{Value, json};
use testkit::{Answer, Platform};
use web::IdempotencyKey;

const SINGLE: &str = "POST /v1/payments";
const BATCH: &str = "POST /v1/payments/batch";

/// Who sends what [`post_with_key`] sends.
fn keyed(route: &str, key: &str, body: &Value) -> KeyedRequest {
    let caller = Caller {
        id: "usr_operator".into(),
        roles: vec![Role::Operator],
    };
    KeyedRequest::new(&caller, route, &IdempotencyKey(key.into()), body)
}

/// Writes a claim without an answer: one that ended a second ago, or one that lives for another hour.
async fn claimed(platform: &Platform, request: &KeyedRequest, subject: Option<&str>, is_alive: bool) {
    sqlx::query(
        "insert into once.keys (scope, fingerprint, subject, lease_until)
         values ($1, $2, $3, now() + case when $4 then interval '1 h' else interval '-1 s' end)",
    )
    .bind(request.scope.as_slice())
    .bind(request.fingerprint.as_slice())
    .bind(subject)
    .bind(is_alive)
    .execute(platform.database("payment").db().pool())
    .await
    .unwrap();
}

/// The claim dies, as that of a process that was killed.
async fn dies(platform: &Platform, request: &KeyedRequest) {
    sqlx::query("update once.keys set lease_until = now() - interval '1 s' where scope = $1")
        .bind(request.scope.as_slice())
        .execute(platform.database("payment").db().pool())
        .await
        .unwrap();
}

/// A payment whose process was killed after the intent, and which the worker settled meanwhile: the payment is there,
/// and its key knows it and has no answer. Returns the payment's id.
async fn settled_by_the_worker(platform: &Platform, route: &str, key: &str, body: &Value) -> String {
    let made = platform.post("payment", "/v1/payments", body).await.expect(201);
    claimed(platform, &keyed(route, key, body), Some(&id(&made)), false).await;
    id(&made)
}

/// The partner sells no more, and the payment service has heard of it.
async fn close(platform: &Platform, shop: PartnerId) {
    let mut work = platform.database("partner").outbox().begin().await.unwrap();
    let told = PartnerChanged {
        status: PartnerStatus::Closed,
        version: 2,
        ..testkit::events::partner_changed(shop)
    };
    work.publish(&told, chrono::DateTime::UNIX_EPOCH).unwrap();
    work.commit().await.unwrap();
    for attempt in 0.. {
        let body = external(&format!("before-the-news-{attempt}"), shop);
        if platform.post("payment", "/v1/payments", &body).await.status == 422 {
            return;
        }
        assert!(attempt < 1_000, "not closed in time");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn post_async(platform: &Platform, key: &str, body: &Value) -> Answer {
    let headers = [("idempotency-key", key), ("prefer", "respond-async")];
    post_with(platform, "/v1/payments", &headers, body).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_is_told_of_its_payment_though_the_partner_sells_no_more() {
    let platform = platform().start().await;
    let shop = shop();
    let body = card("order", shop, "tok_ok");
    let made = settled_by_the_worker(&platform, SINGLE, "key", &body).await;
    let other = card("other", shop, "tok_ok");
    let made_async = settled_by_the_worker(&platform, SINGLE, "async", &other).await;
    close(&platform, shop).await;

    let answer = post_with_key(&platform, "/v1/payments", "key", &body).await;
    assert_eq!(id(&answer.expect(201)), made);
    let answer = post_async(&platform, "async", &other).await;
    assert_eq!(id(&answer.expect(201)), made_async);
    let again = post_with_key(&platform, "/v1/payments", "key", &body).await;
    assert!(is_replay(&again));
    // A key that made nothing is refused, and may be used for something else.
    let new = card("new", shop, "tok_ok");
    post_with_key(&platform, "/v1/payments", "new", &new)
        .await
        .expect(422);
    let open = card("new", crate::support::shop(), "tok_ok");
    post_with_key(&platform, "/v1/payments", "new", &open)
        .await
        .expect(201);
    assert_eq!(charges(&platform).await, (3, 3));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeat_of_a_batch_is_told_of_its_payments_though_the_partner_sells_no_more() {
    let platform = platform().start().await;
    let shop = shop();
    let (made, not_made) = (card("made", shop, "tok_ok"), card("not-made", shop, "tok_ok"));
    let batch = json!({"payments": [not_made, made]});
    claimed(&platform, &keyed(BATCH, "key", &batch), Some("batch"), false).await;
    let item = "POST /v1/payments/batch#1";
    let payment = settled_by_the_worker(&platform, item, "key", &made).await;
    close(&platform, shop).await;

    let answer = post_with_key(&platform, "/v1/payments/batch", "key", &batch)
        .await
        .expect(200);
    let results = &answer["results"];
    assert_eq!(results[0]["status"], 422, "{results}");
    assert_eq!(results[1]["status"], 201, "{results}");
    assert_eq!(id(&results[1]["payment"]), payment);
    assert_eq!(charges(&platform).await, (1, 1));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_asynchronous_repeat_is_told_of_the_payment_that_its_key_made() {
    let platform = platform().start().await;
    let shop = shop();
    for (token, status) in [("tok_ok", "completed"), ("tok_declined", "failed")] {
        let body = card(token, shop, token);
        let made = settled_by_the_worker(&platform, SINGLE, token, &body).await;
        let answer = post_async(&platform, token, &body).await.expect(201);
        assert_eq!(id(&answer), made, "{token}");
        assert_eq!(answer["status"], status);
        let list = format!("/v1/payments?order_reference={token}");
        let list = platform.get("payment", &list).await.expect(200);
        assert_eq!(list["data"].as_array().unwrap().len(), 1, "{token}");
    }
    assert_eq!(charges(&platform).await, (1, 1));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_an_item_that_is_still_running_is_worked_again() {
    let platform = platform().start().await;
    let shop = shop();
    let (one, two) = (card("one", shop, "tok_ok"), card("two", shop, "tok_ok"));
    let batch = json!({"payments": [one, two]});
    let running = keyed("POST /v1/payments/batch#1", "key", &two);
    claimed(&platform, &running, None, true).await;
    let post = async || {
        let answer = post_with_key(&platform, "/v1/payments/batch", "key", &batch).await;
        (is_replay(&answer), answer.expect(200)["results"].clone())
    };

    let (_, first) = post().await;
    assert_eq!(first[0]["status"], 201, "{first}");
    assert_eq!(first[1]["problem"]["code"], "request_in_progress", "{first}");
    dies(&platform, &running).await;
    let (is_a_replay, second) = post().await;
    assert!(!is_a_replay);
    assert_eq!(second[0], first[0]);
    assert_eq!(second[1]["status"], 201, "{second}");
    assert_eq!(post().await, (true, second));
    assert_eq!(charges(&platform).await, (2, 2));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_with_a_partner_that_could_not_be_looked_up_is_worked_again() {
    // The partner service is away.
    let platform = Platform::of(&[payment::service()]).start().await;
    let (known, late) = (PartnerId::generate(), PartnerId::generate());
    let know = async |partner: PartnerId| {
        sqlx::query(
            "insert into known_partners (partner_id, status, version, updated_at) values ($1, 'active', 1, now())",
        )
        .bind(partner.as_uuid())
        .execute(platform.database("payment").db().pool())
        .await
        .unwrap();
    };
    know(known).await;
    let batch = json!({"payments": [external("one", known), external("two", late)]});
    let post = async || {
        let answer = post_with_key(&platform, "/v1/payments/batch", "key", &batch).await;
        (is_replay(&answer), answer.expect(200)["results"].clone())
    };

    let (_, first) = post().await;
    assert_eq!(first[0]["status"], 201, "{first}");
    assert_eq!(first[1]["problem"]["code"], "unavailable", "{first}");
    know(late).await;
    let (is_a_replay, second) = post().await;
    assert!(!is_a_replay);
    assert_eq!(second[0], first[0]);
    assert_eq!(second[1]["status"], 201, "{second}");
    assert_eq!(post().await, (true, second));
    platform.stop().await;
}
