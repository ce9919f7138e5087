//! What disputes take of lines, beside what goes back to the buyer.

use serde_json::{Value, json};
use testkit::Platform;

use crate::asking::{ask, eventually, made, minor, operations, order, parts, read, told};
use crate::gate::{self, Gate, Hold};
use crate::support::{id, partner_service, shop, until};
use crate::webhooks::{decided, disputed, opened, soon};

/// What went back of each line.
async fn gone(platform: &Platform, payment: &str) -> Vec<i64> {
    let payment = read(platform, payment).await;
    let lines = payment["lines"].as_array().unwrap().iter();
    lines
        .map(|line| line["refunded_minor"].as_i64().unwrap())
        .collect()
}

/// What a dispute took of which lines.
fn taken(dispute: &Value) -> Vec<(i64, i64)> {
    let field = |line: &Value, name: &str| line[name].as_i64().unwrap();
    let lines = dispute["lines"].as_array().unwrap().iter();
    lines
        .map(|line| (field(line, "line_number"), field(line, "disputed_minor")))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_bank_took_of_a_line_is_not_refunded_until_it_comes_back() {
    let platform = soon().start().await;
    for outcome in ["won", "lost"] {
        let body = order(outcome, shop(), &[10_000, 10_000], &[("card", 20_000, "tok_ok")]);
        let payment = made(&platform, &body, "completed").await;
        let view = read(&platform, &payment).await;
        let (network_id, dispute) = disputed(&platform, &view, 10_000, "needs_response").await;
        assert_eq!(taken(&dispute), [(1, 5_000), (2, 5_000)]);
        if outcome == "lost" {
            decided(&platform, &network_id, &dispute, outcome).await;
        }
        let refused = ask(&platform, &payment, "refund", parts(&[(1, 5_001)])).await;
        let refused = refused.expect(422);
        assert_eq!(refused["code"], "amount_beyond_what_is_left");
        let told = refused["errors"].to_string();
        assert!(told.contains("5000 is left of this line"), "{refused}");
        ask(&platform, &payment, "refund", parts(&[(1, 4_000)]))
            .await
            .expect(200);
        // The rest of what is kept finds its lines.
        ask(&platform, &payment, "refund", json!({})).await.expect(200);
        assert_eq!(gone(&platform, &payment).await, [5_000, 5_000], "{outcome}");
        if outcome == "won" {
            decided(&platform, &network_id, &dispute, outcome).await;
            ask(&platform, &payment, "refund", parts(&[(2, 5_001)]))
                .await
                .expect(422);
            ask(&platform, &payment, "refund", parts(&[(2, 5_000)]))
                .await
                .expect(200);
            ask(&platform, &payment, "refund", json!({})).await.expect(200);
            assert_eq!(gone(&platform, &payment).await, [10_000, 10_000]);
        } else {
            ask(&platform, &payment, "refund", json!({})).await.expect(422);
        }
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_refund_under_way_gives_back_is_not_disputed_of_its_line_as_well() {
    let services = [partner_service(), gate::network(), payment::service()];
    let platform = Platform::of(&services).start().await;
    let gate = Gate::of(&platform);
    let body = order("order", shop(), &[10_000], &[("card", 10_000, "tok_ok")]);
    let payment = made(&platform, &body, "completed").await;
    gate.hold("refund", None, Hold::Lost);
    let answer = ask(&platform, &payment, "refund", minor(4_000)).await;
    let view = answer.expect(202);
    let (_, dispute) = disputed(&platform, &view, 10_000, "needs_response").await;
    assert_eq!(taken(&dispute), [(1, 6_000)]);
    gate.open();
    until(&platform, &payment, "partially_refunded").await;
    assert_eq!(gone(&platform, &payment).await, [4_000]);
    // What belongs to no line is a break of the books.
    let events = told(&platform, "dispute-changed", &payment).await;
    assert_eq!(
        (events.len(), &events[0]["amount"]["amount"]),
        (1, &json!(10_000))
    );
    assert_eq!(taken(&events[0]), [(1, 6_000)]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_back_after_a_warning_is_not_taken_of_its_line_as_well() {
    let platform = soon().start().await;
    let body = order("order", shop(), &[10_000], &[("card", 10_000, "tok_ok")]);
    let payment = made(&platform, &body, "completed").await;
    let view = read(&platform, &payment).await;
    let (network_id, warned) = disputed(&platform, &view, 10_000, "warning").await;
    assert_eq!(taken(&warned), [(1, 10_000)]);
    ask(&platform, &payment, "refund", minor(4_000)).await.expect(200);
    let in_earnest = decided(&platform, &network_id, &warned, "needs_response").await;
    assert_eq!(taken(&in_earnest), [(1, 6_000)]);
    let won = decided(&platform, &network_id, &warned, "won").await;
    assert_eq!(taken(&won), [(1, 6_000)]);
    let events = told(&platform, "dispute-changed", &payment).await;
    let lines: Vec<_> = events.iter().flat_map(taken).collect();
    assert_eq!(lines, [(1, 10_000), (1, 6_000), (1, 6_000)]);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_of_a_payment_that_failed_is_of_no_line() {
    let platform = soon().start().await;
    let tenders = [("card", 6_000, "tok_ok"), ("card", 4_000, "tok_capture_declined")];
    let body = order("order", shop(), &[10_000], &tenders);
    let payment = made(&platform, &body, "failed").await;
    let view = read(&platform, &payment).await;
    let (network_id, dispute) = disputed(&platform, &view, 6_000, "needs_response").await;
    decided(&platform, &network_id, &dispute, "lost").await;
    assert_eq!(told(&platform, "payment-completed", &payment).await.len(), 0);
    let events = told(&platform, "dispute-changed", &payment).await;
    assert_eq!(events.len(), 2);
    for event in &events {
        assert_eq!(event["amount"]["amount"], 6_000);
        assert_eq!(taken(event), []);
    }
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dispute_returns_to_a_payment_that_failed_goes_back_to_the_buyer() {
    let platform = soon().start().await;
    let tenders = [
        ("card", 6_000, "tok_refund_declined"),
        ("card", 4_000, "tok_capture_declined"),
    ];
    let body = order("order", shop(), &[10_000], &tenders);
    let payment = made(&platform, &body, "processing").await;
    let view = read(&platform, &payment).await;
    let refunds = async || {
        let all = operations(&platform, &payment).await.into_iter();
        all.filter(|(_, operation, ..)| operation == "refund")
            .collect::<Vec<_>>()
    };
    let last = async || refunds().await.pop().map(|(.., state, _)| state);
    // A bank takes it before it goes once more: it is not given back as well.
    keep_back(&platform).await;
    let (network_id, dispute) = disputed(&platform, &view, 6_000, "needs_response").await;
    assert_eq!(last().await.as_deref(), Some("canceled"));
    let failed = read(&platform, &payment).await;
    assert_eq!(
        (&failed["status"], &failed["failure"]["code"]),
        (&json!("failed"), &json!("capture_declined"))
    );
    let before = refunds().await.len();
    decided(&platform, &network_id, &dispute, "won").await;
    let begun = refunds().await;
    assert_eq!((begun[before].0, begun[before].3), (1, 6_000), "{begun:?}");
    // It is asked for, and after a refusal again.
    eventually("it goes once more", async || {
        let all = refunds().await;
        (all.len() > before + 1 && all[before].2 == "declined").then_some(())
    })
    .await;
    // Now a bank takes a part of it.
    keep_back(&platform).await;
    opened(&platform, &view, 2_000, "needs_response").await;
    let all = eventually("what is left goes", async || {
        let all = refunds().await;
        (all.last()?.3 == 4_000).then_some(all)
    })
    .await;
    assert_eq!(
        (&*all[all.len() - 2].2, all[all.len() - 2].3),
        ("canceled", 6_000)
    );
    assert_eq!(read(&platform, &payment).await["status"], "failed");
    assert_eq!(told(&platform, "payment-failed", &payment).await.len(), 1);
    assert_eq!(told(&platform, "dispute-changed", &payment).await.len(), 3);
    platform.stop().await;
}

/// Has the refund that waits for its next time wait for longer.
async fn keep_back(platform: &Platform) {
    let pool = platform.database("payment").db().pool().clone();
    let sql = "update transactions set due_at = due_at + interval '1 hour' where state = 'created'";
    eventually("it waits for its next time", async || {
        let kept = sqlx::query(sql).execute(&pool).await.unwrap();
        (kept.rows_affected() == 1).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dispute_waits_until_its_payment_is_taken_or_given_up() {
    let services = [partner_service(), gate::network(), payment::service()];
    let platform = Platform::of(&services).start().await;
    let gate = Gate::of(&platform);
    let tenders = [("card", 6_000, "tok_ok"), ("card", 4_000, "tok_capture_declined")];
    gate.hold("capture", Some(4_000), Hold::Lost);
    let body = order("order", shop(), &[10_000], &tenders);
    let view = platform.post("payment", "/v1/payments", &body).await.expect(202);
    opened(&platform, &view, 6_000, "needs_response").await;
    eventually("it waits", async || {
        let page = platform
            .get("payment", "/v1/webhooks?state=waiting")
            .await
            .expect(200);
        let reason = page["data"][0]["reason"].as_str()?.to_owned();
        reason.contains("neither taken nor given up").then_some(())
    })
    .await;
    // The first tender was taken; the second is refused now, so that all of it goes back.
    gate.open();
    let payment = id(&view);
    until(&platform, &payment, "failed").await;
    let dispute = eventually("it is booked", async || {
        let list = format!("/v1/disputes?payment_id={payment}");
        let page = platform.get("payment", &list).await.expect(200);
        page["data"][0].is_object().then(|| page["data"][0].clone())
    })
    .await;
    assert_eq!(
        (dispute["is_withdrawn"].as_bool(), taken(&dispute)),
        (Some(true), vec![])
    );
    platform.stop().await;
}
