//! A payment that failed stays as it was told, also while what it gave back comes back and goes once more.

use std::time::Duration;

use serde_json::json;
use testkit::Platform;

use crate::routes::pay;
use crate::world::{partner, started_with, verified};

const SEEN_BY: [&str; 2] = ["payment_status", "payments_failed_told"];

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
    let terms = json!({ "currency": "KRW", "rate_ppm": 99_999, "cycle": { "kind": "daily" }, "payout": { "days": 2 } });
    let seller = partner(&platform, "seller", Some(&terms)).await;
    let tender = |amount: i64, token: &str| json!({ "kind": "card", "amount_minor": amount, "token": token });
    let order = json!({
        "order_reference": "order", "currency": "KRW", "connector": "simulator",
        "lines": [{ "partner_id": seller, "unit_price_minor": 10_000 }],
        "tenders": [tender(6_000, "tok_refund_fails_later"), tender(4_000, "tok_capture_declined")],
    });
    pay(&platform, &order).await;
    // Each refund waits longer than the one before it until it goes: a proof is made while the last one is open, and
    // while it is done.
    let watching = async {
        let mut missing = vec!["created", "succeeded"];
        while !missing.is_empty() {
            let before = refunds(&platform).await;
            let report = verified(&platform).await;
            let seen = report.broken().filter(|check| SEEN_BY.contains(&&*check.name));
            let seen: Vec<_> = seen.collect();
            assert!(seen.is_empty(), "{before:?}: {seen:#?}");
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
