//! What a payment tells of its life.

use serde_json::{Value, json};

use crate::asking::{ask, made, minor, order};
use crate::support::{platform, shop};

/// The kinds of what is told, each with what says most of it.
fn story(timeline: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = timeline["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let data = &item["data"];
            let says = match item["kind"].as_str().unwrap() {
                "change" => format!("{} {}", text(&data["command"]), data["reason"]),
                "operation" => format!("{} {}", text(&data["operation"]), text(&data["state"])),
                _ => text(&data["topic"]),
            };
            format!("{} {says}", text(&item["kind"]))
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeline_tells_what_was_asked_done_and_told_and_who_is_silent() {
    let platform = platform().start().await;
    let body = order("o", shop(), &[10_000], &[("card", 10_000, "tok_refund_declined")]);
    let payment = made(&platform, &body, "completed").await;
    let mut refund = minor(4_000);
    refund["reason"] = json!("too late");
    ask(&platform, &payment, "refunds", refund).await.expect(200);
    let path = format!("/v1/payments/{payment}/timeline");
    let timeline = platform.get("payment", &path).await.expect(200);
    assert_eq!(
        story(&timeline),
        [
            "operation sale succeeded",
            "event payment-completed",
            "change refund \"too late\"",
            "operation refund declined",
        ]
    );
    let items = timeline["items"].as_array().unwrap();
    assert_eq!(items[3]["data"]["failure"]["code"], "refund_declined");
    assert_eq!(items[3]["data"]["change_id"], items[2]["data"]["id"]);
    assert!(items.is_sorted_by_key(|item| item["at"].as_str()));
    // Neither runs here: the rest is told all the same.
    assert_eq!(timeline["silent"], json!(["settlement", "accounting"]));
    let unknown = "/v1/payments/pay_01jd8m3k7efg8v5n2x4c6b9t0r/timeline";
    platform.get("payment", unknown).await.expect(404);
    platform.stop().await;
}
