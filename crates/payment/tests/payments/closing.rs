//! Payments that the card network answers together are closed together, whatever became of one of them meanwhile.

use std::sync::Arc;

use crate::asking::{eventually, told};
use crate::gate::{self, Gate, Hold};
use crate::sound::assert_sound;
use crate::support::*;
use crate::together::{by_sql, pay};
use testkit::{Answer, Platform};
use tokio::task::JoinHandle;

/// Six payments that the network has executed and not answered yet.
async fn six_about_to_be_closed() -> (Arc<Platform>, Arc<Gate>, Vec<JoinHandle<Answer>>) {
    let platform = Platform::of(&[partner_service(), gate::network(), payment::service()])
        .setting("payment.connector_timeout_ms", "20000")
        .start()
        .await;
    let (gate, shop) = (Gate::of(&platform), shop());
    let platform = Arc::new(platform);
    let asked = (0..6)
        .map(|n| {
            gate.hold("sale", None, Hold::After);
            pay(
                &platform,
                format!("key-{n}"),
                card(&format!("order-{n}"), shop, "tok_ok"),
            )
        })
        .collect();
    gate.reached(6).await;
    (platform, gate, asked)
}

/// Of a group that is about to be closed the worker, which asked the network, ended one: it is told of once, and answered
/// as it stands.
#[tokio::test(flavor = "multi_thread")]
async fn what_somebody_else_ends_meanwhile_is_ended_once() {
    let (platform, gate, asked) = six_about_to_be_closed().await;
    let hand_over = "update transactions set due_at = now()
                      where transaction_id = (select transaction_id from transactions order by transaction_id limit 1)";
    assert_eq!(by_sql(&platform, hand_over).await, 1);
    eventually("the worker has ended it", async || {
        let ended: i64 = sqlx::query_scalar("select count(*) from payments where status = 'completed'")
            .fetch_one(platform.database("payment").db().pool())
            .await
            .unwrap();
        (ended == 1).then_some(())
    })
    .await;
    gate.open();
    for answer in asked {
        let payment = answer.await.unwrap().expect(201);
        assert_eq!(payment["status"], "completed");
        let told = told(&platform, "payment-completed", &id(&payment)).await;
        assert_eq!(told.len(), 1, "{payment}");
    }
    assert_sound(&platform).await;
}

/// Of a group that is about to be closed another copy took one of the keys over: here that one is not answered, and its
/// neighbours are.
#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_taken_over_costs_its_neighbours_nothing() {
    let (platform, gate, asked) = six_about_to_be_closed().await;
    let take_over = "update once.keys set fence = fence + 1
                      where scope = (select scope from once.keys order by scope limit 1)";
    assert_eq!(by_sql(&platform, take_over).await, 1);
    gate.open();
    let mut unanswered = 0;
    for answer in asked {
        let answer = answer.await.unwrap();
        if answer.status == 201 {
            assert_eq!(answer.body["status"], "completed", "{}", answer.body);
        } else {
            assert_eq!(answer.expect(409)["code"], "request_in_progress");
            unanswered += 1;
        }
    }
    assert_eq!(unanswered, 1);
    let end_its_lease = "update transactions set due_at = now() where state = 'sent'";
    assert_eq!(by_sql(&platform, end_its_lease).await, 1);
    assert_sound(&platform).await;
}
