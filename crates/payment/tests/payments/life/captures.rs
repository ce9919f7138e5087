//! What is held is taken in parts, and the rest is let go.

use serde_json::json;

use crate::asking::{kept, minor, order, told};
use crate::life::course::{all, does, refused, runs};
use crate::sound::assert_sound;
use crate::support::{platform, shop};

const BEYOND: &str = "amount_beyond_what_is_left";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_taken_in_parts_and_the_rest_is_let_go() {
    let platform = platform().start().await;
    let shop = shop();
    for (name, steps, end) in [
        ("whole", vec![all("capture", "completed")], [0, 10_000, 0, 0]),
        (
            "three-parts",
            vec![
                does("capture", minor(3_000), "partially_captured"),
                does("capture", minor(1), "partially_captured"),
                all("capture", "completed"),
                refused("capture", minor(1), "conflict"),
                refused("void", json!({}), "conflict"),
            ],
            [0, 10_000, 0, 0],
        ),
        (
            "the-rest-let-go",
            vec![
                does("capture", minor(4_000), "partially_captured"),
                refused("capture", minor(6_001), BEYOND),
                all("void", "completed"),
                refused("capture", json!({}), "conflict"),
            ],
            [0, 4_000, 6_000, 0],
        ),
        (
            "let-go",
            vec![
                refused("capture", minor(10_001), BEYOND),
                refused("refund", json!({}), "conflict"),
                all("void", "voided"),
                refused("capture", json!({}), "conflict"),
                refused("void", json!({}), "conflict"),
            ],
            [0, 0, 10_000, 0],
        ),
        (
            "amounts-that-are-none",
            vec![
                refused("capture", minor(0), "invalid_field"),
                refused("capture", minor(-1), "invalid_field"),
                refused("capture", minor(i64::MAX), "invalid_field"),
                refused("void", minor(1), "invalid_field"),
                all("capture", "completed"),
            ],
            [0, 10_000, 0, 0],
        ),
    ] {
        let body = kept(order(name, shop, &[7_000, 3_000], &[("card", 10_000, "tok_ok")]));
        runs(&platform, &body, "authorized", &steps, end).await;
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_let_go_is_told_of_no_line() {
    let platform = platform().start().await;
    let shop = shop();
    let mut body = kept(order("order", shop, &[], &[("card", 10_000, "tok_ok")]));
    body["lines"] = json!([
        {"partner_id": shop, "unit_price_minor": 3_000, "quantity": 2, "shipping_minor": 500, "tax_free_minor": 600,
         "discounts": [{"amount_minor": 300, "funded_by": "partner"}, {"amount_minor": 200, "funded_by": "platform"}]},
        {"partner_id": shop, "unit_price_minor": 4_000},
    ]);
    let steps = [
        does("capture", minor(2_500), "partially_captured"),
        does("capture", minor(2_500), "partially_captured"),
        all("void", "completed"),
    ];
    let payment = runs(&platform, &body, "authorized", &steps, [0, 5_000, 5_000, 0]).await;
    let event = told(&platform, "payment-completed", &payment).await.remove(0);
    let lines = event["lines"].as_array().unwrap();
    let prices: Vec<_> = lines
        .iter()
        .map(|line| line["unit_price_minor"].as_i64().unwrap())
        .collect();
    // Half of each line: 3,000 of 6,000 and 2,000 of 4,000. Half of its discounts and shipping go with the first.
    assert_eq!(prices, [3_000, 2_000], "{event}");
    for (field, half) in [("quantity", 1), ("shipping_minor", 250), ("tax_free_minor", 300)] {
        assert_eq!(lines[0][field], half, "{field}");
    }
    assert_eq!(lines[0]["discounts"][0]["amount_minor"], 150);
    assert_eq!(lines[0]["discounts"][1]["amount_minor"], 100);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capture_that_is_declined_changes_nothing_and_may_be_followed_by_a_void() {
    let platform = platform().start().await;
    let body = kept(order(
        "order",
        shop(),
        &[10_000],
        &[("card", 10_000, "tok_capture_declined")],
    ));
    let steps = [
        does("capture", minor(1_000), "authorized"),
        all("capture", "authorized"),
        all("void", "voided"),
    ];
    runs(&platform, &body, "authorized", &steps, [0, 0, 10_000, 0]).await;
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_of_nothing_has_a_whole_life_too() {
    let platform = platform().start().await;
    let shop = shop();
    for (name, command, status) in [("taken", "capture", "completed"), ("let-go", "void", "voided")] {
        let body = kept(order(name, shop, &[0], &[("card", 0, "tok_ok")]));
        let payment = crate::asking::made(&platform, &body, "authorized").await;
        let answer = crate::asking::ask(&platform, &payment, command, json!({})).await;
        assert_eq!(answer.expect(200)["status"], status, "{name}");
    }
    platform.stop().await;
}
