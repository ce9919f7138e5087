//! A payment that failed stays as it was told, also while what it gave back comes back and goes once more.

use std::time::Duration;

use serde_json::{Value, json};
use testkit::Platform;
use verify::Report;

use crate::routes::pay;
use crate::world::{change, partner, post, started_with, verified};

const RELEASED: &str = "payment_released";
const SEEN_BY: [&str; 3] = ["payment_status", "payments_failed_told", RELEASED];

fn broken(report: &Report) -> Vec<&str> {
    let names = report.broken().map(|check| check.name.as_str());
    names.filter(|name| SEEN_BY.contains(name)).collect()
}

/// A payment that fails since its second tender can't be taken, so that the first one, of that token, goes back.
async fn failing(platform: &Platform, token: &str) -> String {
    let terms = json!({ "currency": "KRW", "rate_ppm": 99_999, "cycle": { "kind": "daily" }, "payout": { "days": 2 } });
    let seller = partner(platform, "seller", Some(&terms)).await;
    let tender = |amount: i64, token: &str| json!({ "kind": "card", "amount_minor": amount, "token": token });
    let order = json!({
        "order_reference": "order", "currency": "KRW", "connector": "simulator",
        "lines": [{ "partner_id": seller, "unit_price_minor": 10_000 }],
        "tenders": [tender(6_000, token), tender(4_000, "tok_capture_declined")],
    });
    pay(platform, &order).await
}

/// The states of the refunds, in their order.
async fn refunds(platform: &Platform) -> Vec<String> {
    sqlx::query_scalar(
        "select state from transactions where operation = 'refund' order by created_at, transaction_id",
    )
    .fetch_all(platform.database("payment").db().pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_failed_stays_sound_while_its_release_goes_once_more() {
    let platform = started_with(&[simulator::service()]).await;
    failing(&platform, "tok_refund_fails_later").await;
    // Each refund waits longer than the one before it until it goes: a proof is made while the last one is open, and
    // while it is done.
    let watching = async {
        let mut missing = vec!["created", "succeeded"];
        while !missing.is_empty() {
            let before = refunds(&platform).await;
            let report = verified(&platform).await;
            assert!(broken(&report).is_empty(), "{before:?}: {:#?}", broken(&report));
            let (first, last) = (before.first(), before.last());
            if before.len() > 1
                && first.is_some_and(|first| first == "failed")
                && before == refunds(&platform).await
            {
                missing.retain(|state| last.is_none_or(|last| last != state));
            }
        }
    };
    tokio::time::timeout(Duration::from_mins(2), watching)
        .await
        .unwrap();
    platform.stop().await;
}

/// Waits until the only payment has that status, and the only dispute that state.
async fn until(platform: &Platform, status: &str, state: &str) {
    let looking = async {
        loop {
            let now: (String, String) =
                sqlx::query_as("select status, (select state from disputes) from payments")
                    .fetch_one(platform.database("payment").db().pool())
                    .await
                    .unwrap_or_default();
            if now == (status.to_owned(), state.to_owned()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), looking)
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dispute_returns_to_a_payment_that_failed_is_on_its_way_back() {
    let platform = started_with(&[simulator::service()]).await;
    failing(&platform, "tok_refund_declined").await;
    let charge: String = sqlx::query_scalar(
        "select connector_reference from transactions where tender_number = 1 and operation = 'authorize'",
    )
    .fetch_one(platform.database("payment").db().pool())
    .await
    .unwrap();
    let claim = json!({"charge_id": charge, "amount_minor": 6_000, "reason": "fraudulent", "stage": "needs_response"});
    let opened = post(&platform, "simulator", "/network/v1/disputes", &claim).await;
    let opened: Value = opened.expect(201);
    // What was under way is refused, and the bank has the rest.
    until(&platform, "failed", "needs_response").await;
    let report = verified(&platform).await;
    assert!(broken(&report).is_empty(), "{:#?}", broken(&report));
    let decide = format!(
        "/network/v1/disputes/{}/decide",
        opened["dispute_id"].as_str().unwrap()
    );
    let won = json!({"outcome": "won"});
    let decided = post(&platform, "simulator", &decide, &won).await;
    assert!(decided.status.is_success(), "{}", decided.body);
    until(&platform, "failed", "won").await;
    let report = verified(&platform).await;
    assert!(broken(&report).is_empty(), "{:#?}", broken(&report));
    // As it would lie there if nobody had begun to give it back.
    let forgotten = "update transactions
            set state = 'declined', due_at = null, refusal_code = 'refund_declined', refusal_detail = 'it is not given back'
          where state in ('created', 'sent', 'unknown')";
    change(&platform, "payment", "transactions", forgotten).await;
    assert_eq!(broken(&verified(&platform).await), [RELEASED]);
    platform.stop().await;
}
