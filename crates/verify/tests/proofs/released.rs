//! A payment that failed stays as it was told, also while what it gave back comes back and goes once more.

use serde_json::json;

use crate::routes::pay;
use crate::world::{partner, started_with, verified};

const SEEN_BY: [&str; 2] = ["payment_status", "payments_failed_told"];

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
    // Open, done, and failed once more.
    for states in [&["created", "sent"][..], &["succeeded"], &["failed"]] {
        loop {
            let refunds: Vec<String> = sqlx::query_scalar(
                "select state from transactions where operation = 'refund' order by created_at, transaction_id",
            )
            .fetch_all(platform.database("payment").db().pool())
            .await
            .unwrap();
            let report = verified(&platform).await;
            let seen: Vec<_> = report
                .broken()
                .filter(|check| SEEN_BY.contains(&&*check.name))
                .collect();
            assert!(seen.is_empty(), "{refunds:?}: {seen:#?}");
            let second = refunds.get(1).map(String::as_str);
            if second.is_some_and(|second| states.contains(&second) || second == "failed") {
                break;
            }
        }
    }
    platform.stop().await;
}
