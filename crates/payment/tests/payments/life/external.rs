//! Payments from elsewhere: that money went back is recorded, and no network is asked.

use serde_json::json;

use crate::asking::{minor, parts, told};
use crate::life::course::{all, does, refused, runs};
use crate::sound::assert_sound;
use crate::support::{charges, external, platform, shop};

#[tokio::test(flavor = "multi_thread")]
async fn refunds_of_payments_from_elsewhere_are_recorded_and_told() {
    let platform = platform().start().await;
    let shop = shop();
    let steps = || {
        vec![
            does("refund", minor(2_500), "partially_refunded"),
            refused("capture", json!({}), "amount_beyond_what_is_left"),
            refused("increment", crate::asking::more(shop, 1, None), "conflict"),
            does("refund", parts(&[(1, 500)]), "partially_refunded"),
            all("refund", "refunded"),
            refused("refund", minor(1), "conflict"),
        ]
    };
    let one = external("one", shop);
    let mut two = external("two", shop);
    two["tenders"] =
        json!([{"kind": "cash", "amount_minor": 1_000}, {"kind": "bank_transfer", "amount_minor": 9_000}]);
    two["refund_order"] = json!([2, 1]);
    for body in [one, two] {
        runs(&platform, &body, "completed", &steps(), [0, 10_000, 0, 10_000]).await;
    }
    assert_eq!(charges(&platform).await, (0, 0));
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_beyond_the_lines_goes_back_of_no_line() {
    let platform = platform().start().await;
    let shop = shop();
    let mut over = external("over", shop);
    over["tenders"][0]["amount_minor"] = json!(10_300);
    let steps = [
        refused("refund", parts(&[(1, 10_001)]), "amount_beyond_what_is_left"),
        does("refund", minor(9_000), "partially_refunded"),
        all("refund", "refunded"),
    ];
    let payment = runs(&platform, &over, "completed", &steps, [0, 10_300, 0, 10_300]).await;
    let last = told(&platform, "payment-refunded", &payment).await.pop().unwrap();
    assert_eq!(last["tender"]["refunded_minor"], 1_300);
    assert_eq!(last["lines"][0]["refunded_minor"], 1_000);

    let mut short = external("short", shop);
    short["tenders"][0]["amount_minor"] = json!(9_000);
    let steps = [
        refused("refund", minor(9_001), "amount_beyond_what_is_left"),
        refused("refund", parts(&[(1, 9_001)]), "amount_beyond_what_is_left"),
        all("refund", "refunded"),
    ];
    runs(&platform, &short, "completed", &steps, [0, 9_000, 0, 9_000]).await;
    assert_sound(&platform).await;
    platform.stop().await;
}
