//! What was taken goes back, whole or in parts, and never more than that.

use serde_json::json;

use crate::asking::{ask, executed, kept, made, minor, order, parts, read, sums, told};
use crate::life::course::{Step, all, does, refused, runs};
use crate::sound::{assert_sound, assert_told};
use crate::support::{platform, shop};

const BEYOND: &str = "amount_beyond_what_is_left";

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_back_adds_up_to_what_was_taken_and_never_to_more() {
    let platform = platform().start().await;
    let shop = shop();
    let cases: Vec<(&str, Vec<Step>, i64)> = vec![
        (
            "whole",
            vec![all("refund", "refunded"), refused("refund", minor(1), "conflict")],
            10_000,
        ),
        (
            "parts",
            vec![
                does("refund", minor(1), "partially_refunded"),
                does("refund", minor(3_333), "partially_refunded"),
                refused("refund", minor(6_667), BEYOND),
                does("refund", minor(6_666), "refunded"),
            ],
            10_000,
        ),
        (
            "lines",
            vec![
                does("refund", parts(&[(2, 3_000)]), "partially_refunded"),
                refused("refund", parts(&[(2, 1)]), BEYOND),
                refused("refund", parts(&[(1, 1), (3, 1)]), "invalid_field"),
                refused("refund", parts(&[(1, 1), (1, 1)]), "invalid_field"),
                does("refund", parts(&[(1, 500)]), "partially_refunded"),
                refused("refund", parts(&[(1, 6_501)]), BEYOND),
                all("refund", "refunded"),
            ],
            10_000,
        ),
        (
            "no-amounts",
            vec![
                refused("refund", minor(0), "invalid_field"),
                refused("refund", minor(-5), "invalid_field"),
                refused("refund", parts(&[(1, 0)]), "invalid_field"),
                refused(
                    "refund",
                    json!({"amount_minor": 1, "lines": [{"line_number": 1, "amount_minor": 1}]}),
                    "invalid_field",
                ),
                refused("refund", json!({"reason": ""}), "invalid_field"),
                does(
                    "refund",
                    json!({"amount_minor": 4_000, "reason": "torn"}),
                    "partially_refunded",
                ),
            ],
            4_000,
        ),
    ];
    for (name, steps, back) in cases {
        let body = order(name, shop, &[7_000, 3_000], &[("card", 10_000, "tok_ok")]);
        runs(&platform, &body, "completed", &steps, [0, 10_000, 0, back]).await;
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_goes_back_before_the_end_is_told_of_after_it() {
    let platform = platform().start().await;
    let body = kept(order(
        "order",
        shop(),
        &[7_000, 3_000],
        &[("card", 10_000, "tok_ok")],
    ));
    let payment = made(&platform, &body, "authorized").await;
    let refund = parts(&[(2, 3_000), (1, 100)]);
    for (command, body, status, refunds_told) in [
        ("capture", minor(4_000), "partially_captured", 0),
        ("refund", refund, "partially_refunded", 0),
        ("refund", json!({}), "refunded", 0),
        ("capture", minor(1_000), "partially_refunded", 0),
        ("void", json!({}), "partially_refunded", 2),
        ("refund", minor(1_000), "refunded", 3),
    ] {
        let answer = ask(&platform, &payment, command, body).await.expect(200);
        assert_eq!(answer["status"], status, "{command}: {answer}");
        let refunds = told(&platform, "payment-refunded", &payment).await;
        assert_eq!(refunds.len(), refunds_told, "{command}");
    }
    assert_eq!(sums(&read(&platform, &payment).await), [0, 5_000, 5_000, 5_000]);
    assert_told(&platform, &payment).await;
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_beyond_is_told_of_the_field_that_asked_for_it_and_of_none_where_nothing_is_left() {
    let platform = platform().start().await;
    let body = kept(order(
        "order",
        shop(),
        &[7_000, 3_000],
        &[("card", 10_000, "tok_ok")],
    ));
    let payment = made(&platform, &body, "authorized").await;
    let beyond = async |command: &str, body: serde_json::Value, field: Option<&str>| {
        let problem = ask(&platform, &payment, command, body).await.expect(422);
        assert_eq!(problem["code"], BEYOND, "{command}: {problem}");
        assert_eq!(
            problem["errors"][0]["pointer"].as_str(),
            field,
            "{command}: {problem}"
        );
    };
    ask(&platform, &payment, "capture", minor(4_000))
        .await
        .expect(200);
    beyond("capture", minor(6_001), Some("/amount_minor")).await;
    beyond("refund", minor(4_001), Some("/amount_minor")).await;
    // Each line has that much left, but the payment keeps less.
    beyond("refund", parts(&[(1, 4_001)]), Some("/lines")).await;
    beyond("refund", parts(&[(2, 3_000), (1, 1_001)]), Some("/lines")).await;
    beyond(
        "refund",
        parts(&[(1, 1), (2, 3_001)]),
        Some("/lines/1/amount_minor"),
    )
    .await;
    ask(&platform, &payment, "refund", json!({})).await.expect(200);
    ask(&platform, &payment, "void", json!({})).await.expect(200);
    beyond("void", json!({}), None).await;
    beyond("capture", json!({}), None).await;
    beyond("capture", minor(1), None).await;
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refund_that_is_declined_reserves_nothing_and_is_not_told() {
    let platform = platform().start().await;
    let shop = shop();
    let body = order(
        "order",
        shop,
        &[10_000],
        &[("card", 10_000, "tok_refund_declined")],
    );
    let steps = [
        does("refund", minor(10_000), "completed"),
        does("refund", minor(1), "completed"),
        refused("refund", minor(10_001), BEYOND),
    ];
    let payment = runs(&platform, &body, "completed", &steps, [0, 10_000, 0, 0]).await;
    let read = read(&platform, &payment).await;
    assert_eq!(read["failure"]["code"], "refund_declined", "{read}");
    let tried: Vec<_> = executed(&platform, &payment)
        .await
        .into_iter()
        .map(|(_, _, outcome)| outcome)
        .collect();
    assert_eq!(tried, ["approved", "declined", "declined"]);
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn odd_amounts_of_discounted_lines_come_back_to_the_last_won() {
    let platform = platform().start().await;
    let shop = shop();
    let mut body = order("order", shop, &[], &[("card", 10_000, "tok_ok")]);
    body["lines"] = json!([
        {"partner_id": shop, "unit_price_minor": 2_333, "quantity": 3, "shipping_minor": 801, "tax_free_minor": 2_333,
         "discounts": [{"amount_minor": 333, "funded_by": "partner"}, {"amount_minor": 467, "funded_by": "platform"}]},
        {"partner_id": shop, "unit_price_minor": 3_000},
    ]);
    let steps: Vec<Step> = [7, 1_111, 2_222, 3_333]
        .map(|amount| does("refund", minor(amount), "partially_refunded"))
        .into_iter()
        .chain([all("refund", "refunded")])
        .collect();
    let payment = runs(&platform, &body, "completed", &steps, [0, 10_000, 0, 10_000]).await;
    let refunds = told(&platform, "payment-refunded", &payment).await;
    for (field, whole) in [
        ("gross_minor", 6_999),
        ("tax_free_minor", 2_333),
        ("partner_discount_minor", 333),
        ("platform_discount_minor", 467),
        ("shipping_minor", 801),
    ] {
        let lines = refunds
            .iter()
            .flat_map(|event| event["lines"].as_array().unwrap());
        let first = lines.filter(|line| line["line_number"] == 1);
        let sum: i64 = first.map(|line| line[field].as_i64().unwrap()).sum();
        assert_eq!(sum, whole, "{field}");
    }
    platform.stop().await;
}
