//! What every connector has to do, whatever becomes of requests and answers: one table, and all connectors.

mod ledger;
mod live;
mod story;

use std::sync::Arc;
use std::time::Duration;

use crate::support::*;
use live::{Behaviour, LIVE, Live};
use serde_json::json;
use story::{STORIES, Story, tell};

/// What is expected of a payment whose every operation is treated so.
struct Row {
    behaviour: Behaviour,
    /// Whether nobody answers within the deadline, so that the first answer can't be more than 202.
    is_unclear: bool,
}

const TABLE: &[Row] = &[
    row(Behaviour::Well, false),
    row(Behaviour::Withheld, true),
    row(Behaviour::Cut, true),
    row(Behaviour::Lost, true),
    row(Behaviour::Silent, true),
    row(Behaviour::Failing, false),
    // Its webhook may be here before anyone noticed.
    row(Behaviour::FailingAfter, false),
    row(Behaviour::Limited, true),
    row(Behaviour::Slow, true),
    row(Behaviour::ToldTwice, false),
    row(Behaviour::ToldEarly, false),
    row(Behaviour::ToldWrongly, false),
];

const fn row(behaviour: Behaviour, is_unclear: bool) -> Row {
    Row {
        behaviour,
        is_unclear,
    }
}

/// Every story under every behaviour that a connector can be made to show: all side by side, on one platform.
async fn every_operation_is_executed_once(live: &'static Live) {
    let counter = Arc::new((live.start)().await);
    let mut telling = tokio::task::JoinSet::new();
    for row in TABLE {
        let Some(token) = (live.token)(row.behaviour) else {
            continue;
        };
        for story in STORIES {
            let counter = Arc::clone(&counter);
            telling.spawn(async move {
                let name = format!("{} {:?} {}", live.name, row.behaviour, story.name);
                let payment = tell(&counter.platform, live, story, token, row.is_unclear, &name).await;
                (name, payment, story)
            });
        }
    }
    let told: Vec<(String, String, &Story)> = telling.join_all().await;
    assert!(told.len() >= STORIES.len() * 7, "{}", told.len());
    ledger::until_webhooks_are_done(&counter.platform).await;
    let executed = counter.executed().await;
    for (name, payment, story) in told {
        ledger::executed_once(&counter.platform, &executed, &payment, &name).await;
        let completed = published(&counter.platform, "payment-completed", &payment).await;
        assert_eq!(completed, i64::from(story.is_completed), "{name}");
    }
    assert!(executed.len() > STORIES.len());
    // Those that were signed wrongly were refused, and all others taken, the second of each too.
    if let Some(heard) = counter.heard() {
        let of = |status: u16| heard.iter().filter(|answered| **answered == status).count();
        let many = STORIES.len();
        assert!(
            of(401) >= many && of(204) > 3 * many && of(401) + of(204) == heard.len(),
            "{heard:?}"
        );
    }
    Arc::into_inner(counter).unwrap().stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_executes_every_operation_once() {
    every_operation_is_executed_once(&LIVE[0]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn stripe_executes_every_operation_once() {
    every_operation_is_executed_once(&LIVE[1]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_declined_is_declined_and_moves_nothing() {
    for live in LIVE {
        let counter = (live.start)().await;
        let platform = &counter.platform;
        for (behaviour, change, body, status) in [
            (Behaviour::Declined, None, json!({}), "failed"),
            (
                Behaviour::CaptureDeclined,
                Some("capture"),
                json!({}),
                "authorized",
            ),
            (
                Behaviour::IncrementDeclined,
                Some("increments"),
                json!({"lines": [{"partner_id": shop(),
                "unit_price_minor": 500}]}),
                "authorized",
            ),
            (
                Behaviour::RefundDeclined,
                Some("refunds"),
                json!({"amount_minor": 400}),
                "completed",
            ),
        ] {
            let name = format!("{} {behaviour:?}", live.name);
            let token = (live.token)(behaviour).unwrap();
            let mut order = live.order(&name, token);
            if matches!(change, Some("capture" | "increments")) {
                order["capture"] = json!("manual");
            }
            let payment = platform.post("payment", "/v1/payments", &order).await.expect(201);
            let payment = match change {
                Some(change) => {
                    let path = format!("/v1/payments/{}/{change}", id(&payment));
                    platform.post("payment", &path, &body).await.expect(200)
                }
                None => payment,
            };
            assert_eq!(payment["status"], status, "{name}");
            let code = payment["failure"]["code"].as_str().unwrap_or_default();
            assert!(
                code.contains("declined") || code == "insufficient_funds",
                "{name}: {payment}"
            );
        }
        counter.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_buyer_acts_declines_or_is_given_up() {
    for live in LIVE {
        let counter = (live.start)().await;
        let platform = &counter.platform;
        for (what, status, executions) in [
            ("approve", "completed", 1),
            ("decline", "failed", 0),
            ("cancel", "canceled", 0),
        ] {
            let mut order = live.order(what, (live.token)(Behaviour::AsksBuyer).unwrap());
            order["return_url"] = json!("https://shop.example/back");
            let payment = platform.post("payment", "/v1/payments", &order).await.expect(201);
            assert_eq!(payment["status"], "requires_action", "{} {what}", live.name);
            let page = payment["next_action"]["redirect_url"].as_str().unwrap();
            match what {
                "cancel" => {
                    let path = format!("/v1/payments/{}/cancel", id(&payment));
                    platform.post("payment", &path, &json!({})).await.expect(200);
                }
                decision => counter.decide(page, decision == "approve").await,
            }
            let payment = until(platform, &id(&payment), status).await;
            let paid = published(platform, "payment-completed", &id(&payment)).await;
            assert_eq!(paid, executions, "{} {what}", live.name);
        }
        counter.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_tells_the_same_as_the_answer() {
    for live in LIVE {
        let counter = (live.start)().await;
        let mut ends = Vec::new();
        for behaviour in [Behaviour::Well, Behaviour::ToldEarly] {
            let order = live.order(&format!("{behaviour:?}"), (live.token)(behaviour).unwrap());
            let mut payment = counter
                .platform
                .post("payment", "/v1/payments", &order)
                .await
                .expect(201);
            let path = format!("/v1/payments/{}/refunds", id(&payment));
            payment = counter
                .platform
                .post("payment", &path, &json!({"amount_minor": 400}))
                .await
                .expect(200);
            ends.push(ledger::operations(&counter.platform, &id(&payment)).await);
        }
        assert_eq!(ends[0], ends[1], "{}", live.name);
        counter.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_webhook_that_nobody_signed_is_refused_and_not_stored() {
    for live in LIVE {
        let counter = (live.start)().await;
        let path = format!("/v1/webhooks/{}", live.name);
        let body = json!({"id": "evt_1", "type": "payment_intent.succeeded", "data": {}});
        for headers in live.forgeries() {
            let headers: Vec<_> = headers
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let refused = counter
                .platform
                .send("payment", None, http::Method::POST, &path, &headers, Some(&body))
                .await;
            assert_eq!(
                refused.expect(401)["code"],
                "unauthenticated",
                "{} {headers:?}",
                live.name
            );
        }
        assert_eq!(ledger::webhooks(&counter.platform).await, 0);
        counter.stop().await;
    }
}

/// Nobody is called: one write, and nothing that could go wrong between two.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_elsewhere_is_recorded_with_one_write() {
    let platform = platform().start().await;
    let body = external("order", shop());
    let first = post_with_key(&platform, "/v1/payments", "key", &body).await;
    let again = post_with_key(&platform, "/v1/payments", "key", &body).await;
    assert!(is_created(&first) && is_replay(&again) && first.bytes == again.bytes);
    assert_eq!(first.body["status"], "completed");
    assert_eq!(
        published(&platform, "payment-completed", &id(&first.body)).await,
        1
    );
    let operations = ledger::operations(&platform, &id(&first.body)).await;
    let writes: Vec<(String, bool)> = sqlx::query_as(
        "select t.operation, t.xmin::text = p.xmin::text and t.created_at = t.updated_at and t.connector_key is null
           from transactions t join payments p using (payment_id)",
    )
    .fetch_all(platform.database("payment").db().pool())
    .await
    .unwrap();
    assert_eq!(writes, [("sale".to_owned(), true)]);
    assert_eq!(operations.len(), 1);
    let told = json!({"id": "evt_1"});
    let deaf = platform
        .send(
            "payment",
            None,
            http::Method::POST,
            "/v1/webhooks/external",
            &[],
            Some(&told),
        )
        .await;
    deaf.expect(404);
    assert_eq!(charges(&platform).await, (0, 0));
    tokio::time::timeout(Duration::from_secs(30), platform.stop())
        .await
        .unwrap();
}
