//! Several means for one payment: all are held before any is taken, and all are let go when one is refused.

use serde_json::{Value, json};
use testkit::Platform;

use crate::asking::{
    ask, eventually, executed, kept, made, minor, operations, order, parts, read, sums, told,
};
use crate::life::course::{all, does, runs};
use crate::sound::{assert_sound, assert_told};
use crate::support::{platform, shop};

/// What the network did, as `authorize 6000`; what it declined ends with `!`.
async fn did(platform: &Platform, payment: &str) -> Vec<String> {
    let entries = executed(platform, payment).await.into_iter();
    entries
        .map(|(operation, amount, outcome)| {
            let mark = if outcome == "approved" { "" } else { "!" };
            format!("{operation} {amount}{mark}")
        })
        .collect()
}

/// A name, the tenders' tokens, the status in the end, why it failed, and what the network did.
type Case = (
    &'static str,
    [&'static str; 3],
    &'static str,
    Option<&'static str>,
    Vec<&'static str>,
);

fn cases() -> [Case; 6] {
    [
        (
            "all-well",
            ["tok_ok", "vch_ok", "pts_ok"],
            "completed",
            None,
            vec![
                "authorize 6000",
                "authorize 3000",
                "authorize 1000",
                "capture 6000",
                "capture 3000",
                "capture 1000",
            ],
        ),
        (
            "first-refused",
            ["tok_declined", "vch_ok", "pts_ok"],
            "failed",
            Some("card_declined"),
            vec!["authorize 6000!"],
        ),
        (
            "second-refused",
            ["tok_ok", "vch_declined", "pts_ok"],
            "failed",
            Some("voucher_declined"),
            vec!["authorize 6000", "authorize 3000!", "void 6000"],
        ),
        (
            "last-refused",
            ["tok_ok", "vch_ok", "pts_insufficient"],
            "failed",
            Some("insufficient_points"),
            vec![
                "authorize 6000",
                "authorize 3000",
                "authorize 1000!",
                "void 3000",
                "void 6000",
            ],
        ),
        (
            "second-not-taken",
            ["tok_ok", "tok_capture_declined", "pts_ok"],
            "failed",
            Some("capture_declined"),
            vec![
                "authorize 6000",
                "authorize 3000",
                "authorize 1000",
                "capture 6000",
                "capture 3000!",
                "void 1000",
                "void 3000",
                "refund 6000",
            ],
        ),
        (
            "void-refused-once",
            ["tok_void_declined_once", "vch_declined", "pts_ok"],
            "failed",
            Some("voucher_declined"),
            vec!["authorize 6000", "authorize 3000!", "void 6000!", "void 6000"],
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn all_tenders_are_held_before_any_is_taken_and_a_refusal_leaves_nothing_held() {
    let platform = platform().start().await;
    let shop = shop();
    for (name, tokens, status, failure, done) in cases() {
        let kinds = if name == "second-not-taken" {
            ["card", "card", "points"]
        } else {
            ["card", "voucher", "points"]
        };
        let tenders = [
            (kinds[0], 6_000, tokens[0]),
            (kinds[1], 3_000, tokens[1]),
            (kinds[2], 1_000, tokens[2]),
        ];
        let body = order(name, shop, &[7_000, 3_000], &tenders);
        let payment = made(&platform, &body, status).await;
        assert_eq!(did(&platform, &payment).await, done, "{name}");
        let read = read(&platform, &payment).await;
        assert_eq!(
            read["failure"].get("code").and_then(Value::as_str),
            failure,
            "{name}"
        );
        let [held, captured, _, back] = sums(&read);
        let kept = if failure.is_none() { 10_000 } else { 0 };
        assert_eq!((held, captured - back), (0, kept), "{name}: {read}");
        for (topic, count) in [
            ("payment-completed", failure.is_none()),
            ("payment-failed", failure.is_some()),
        ] {
            assert_eq!(
                told(&platform, topic, &payment).await.len(),
                usize::from(count),
                "{name} {topic}"
            );
        }
        // What a payment that failed gave back was never told of as taken.
        assert_told(&platform, &payment).await;
        if failure.is_some() {
            let again = order(name, shop, &[10_000], &[("card", 10_000, "tok_ok")]);
            made(&platform, &again, "completed").await;
        }
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_goes_back_in_the_order_that_was_settled() {
    let platform = platform().start().await;
    let shop = shop();
    let tenders = [
        ("card", 6_000, "tok_ok"),
        ("voucher", 3_000, "vch_ok"),
        ("points", 1_000, "pts_ok"),
    ];
    for (name, ranks, refunds, back) in [
        ("as-they-stand", json!([]), vec![7_000], [6_000, 1_000, 0]),
        (
            "last-first",
            json!([3, 2, 1]),
            vec![500, 3_000],
            [0, 2_500, 1_000],
        ),
        (
            "middle-first",
            json!([2, 3, 1]),
            vec![3_999, 2],
            [1, 3_000, 1_000],
        ),
    ] {
        let mut body = order(name, shop, &[7_000, 3_000], &tenders);
        body["refund_order"] = ranks;
        let steps: Vec<_> = refunds
            .iter()
            .map(|amount| does("refund", minor(*amount), "partially_refunded"))
            .collect();
        let sum: i64 = back.iter().sum();
        let payment = runs(&platform, &body, "completed", &steps, [0, 10_000, 0, sum]).await;
        let read = read(&platform, &payment).await;
        let tenders = read["tenders"].as_array().unwrap().iter();
        let given: Vec<_> = tenders
            .map(|tender| tender["refunded_minor"].as_i64().unwrap())
            .collect();
        assert_eq!(given, back, "{name}");
        let answer = ask(&platform, &payment, "refund", json!({})).await.expect(200);
        assert_eq!(answer["status"], "refunded", "{name}");
        assert_told(&platform, &payment).await;
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_taken_and_the_rest_let_go_across_tenders() {
    let platform = platform().start().await;
    let tenders = [
        ("card", 6_000, "tok_ok"),
        ("voucher", 3_000, "vch_ok"),
        ("points", 1_000, "pts_ok"),
    ];
    let body = kept(order("order", shop(), &[7_000, 3_000], &tenders));
    let steps = [
        does("capture", minor(7_000), "partially_captured"),
        does("refund", parts(&[(1, 6_500)]), "partially_refunded"),
        all("void", "partially_refunded"),
        all("refund", "refunded"),
    ];
    let payment = runs(&platform, &body, "authorized", &steps, [0, 7_000, 3_000, 7_000]).await;
    let done = did(&platform, &payment).await;
    let expected = [
        "authorize 6000",
        "authorize 3000",
        "authorize 1000",
        "capture 6000",
        "capture 1000",
        "refund 6000",
        "refund 500",
        "void 2000",
        "void 1000",
        "refund 500",
    ];
    assert_eq!(done, expected);
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_is_refused_on_one_tender_keeps_what_it_did_on_the_others() {
    let platform = platform().start().await;
    let shop = shop();
    for (name, second, command, status, end) in [
        (
            "capture",
            "tok_capture_declined",
            "capture",
            "partially_captured",
            [4_000, 6_000, 0, 0],
        ),
        (
            "void",
            "tok_void_declined_once",
            "void",
            "authorized",
            [4_000, 0, 6_000, 0],
        ),
    ] {
        let tenders = [("card", 6_000, "tok_ok"), ("card", 4_000, second)];
        let body = kept(order(name, shop, &[10_000], &tenders));
        let steps = [all(command, status)];
        let payment = runs(&platform, &body, "authorized", &steps, end).await;
        // Then what is left is let go.
        let answer = ask(&platform, &payment, "void", json!({})).await.expect(200);
        let expected = if command == "capture" {
            "completed"
        } else {
            "voided"
        };
        assert_eq!(answer["status"], expected, "{name}");
        assert_told(&platform, &payment).await;
    }
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_failed_stays_failed_when_what_it_gave_back_comes_back() {
    let platform = platform().setting("simulator.late_ms", "50").start().await;
    let shop = shop();
    let tenders = [
        ("card", 6_000, "tok_refund_fails_later"),
        ("card", 4_000, "tok_capture_declined"),
    ];
    let payment = made(&platform, &order("order", shop, &[10_000], &tenders), "failed").await;
    // The buyer pays again; then the network tells that the refund failed, and it goes once more.
    let again = order("order", shop, &[10_000], &[("card", 10_000, "tok_ok")]);
    made(&platform, &again, "completed").await;
    let refunds = eventually("the refund goes once more", async || {
        let all = operations(&platform, &payment).await.into_iter();
        let refunds: Vec<_> = all.filter(|(_, operation, ..)| operation == "refund").collect();
        (refunds.len() > 1).then_some(refunds)
    })
    .await;
    let (number, _, state, amount) = &refunds[0];
    assert_eq!((*number, state.as_str(), *amount), (1, "failed", 6_000));
    assert_eq!(read(&platform, &payment).await["status"], "failed");
    eventually("it goes through, and fails later once more", async || {
        let all = operations(&platform, &payment).await;
        (all.iter().filter(|(.., state, _)| state == "failed").count() > 1).then_some(())
    })
    .await;
    assert_eq!(read(&platform, &payment).await["status"], "failed");
    let failed = told(&platform, "payment-failed", &payment).await;
    assert_eq!(failed.len(), 1, "{failed:?}");
    platform.stop().await;
}
