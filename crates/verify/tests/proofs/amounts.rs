//! What a line tells of its payment, for the lists by partner and amount, is what the payment says.

use serde_json::json;

use crate::routes::{offered, pay};
use crate::world::{change, partner, started_with, verified};

const SEEN_BY: &str = "payment_add_up";

#[tokio::test(flavor = "multi_thread")]
async fn a_line_that_tells_another_currency_or_amount_is_seen() {
    let platform = started_with(&[simulator::service()]).await;
    let terms = json!({ "currency": "KRW", "rate_ppm": 99_999, "cycle": { "kind": "daily" }, "payout": { "days": 2 } });
    let seller = partner(&platform, "seller", Some(&terms)).await;
    pay(&platform, &offered("one", &seller, 1_000)).await;
    pay(&platform, &offered("other", &seller, 2_000)).await;
    let only = "where payment_id = (select payment_id from payments where order_reference = 'one')";
    for (column, was, other) in [
        ("payment_amount_minor", "1000", "1001"),
        ("payment_amount_minor", "1000", "null"),
        ("currency", "'KRW'", "'USD'"),
    ] {
        let set = |value: &str| format!("update payment_lines set {column} = {value} {only}");
        change(&platform, "payment", "payment_lines", &set(other)).await;
        let seen = is_seen(&verified(&platform).await);
        assert!(seen, "{column} = {other}");
        change(&platform, "payment", "payment_lines", &set(was)).await;
        assert!(!is_seen(&verified(&platform).await), "{column} = {was}");
    }
    platform.stop().await;
}

fn is_seen(report: &verify::Report) -> bool {
    report.broken().any(|check| check.name == SEEN_BY)
}
