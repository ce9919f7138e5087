//! More is held for more lines.

use ids::PartnerId;
use serde_json::json;

use crate::asking::{ask, kept, made, minor, more, order, read, told};
use crate::life::course::{all, does, refused, runs};
use crate::sound::assert_sound;
use crate::support::{platform, shop};

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_come_later_are_held_taken_and_told_with_the_others() {
    let platform = platform().start().await;
    let shop = shop();
    let body = kept(order("order", shop, &[10_000], &[("card", 10_000, "tok_ok")]));
    let steps = [
        does("increment", more(shop, 500, None), "authorized"),
        does("increment", more(shop, 700, Some(1)), "authorized"),
        refused("increment", more(shop, 700, Some(2)), "invalid_field"),
        does("capture", minor(10_200), "partially_captured"),
        does("increment", more(shop, 300, None), "partially_captured"),
        all("capture", "completed"),
        refused("increment", more(shop, 1, None), "conflict"),
        does("refund", crate::asking::parts(&[(4, 300)]), "partially_refunded"),
    ];
    let payment = runs(&platform, &body, "authorized", &steps, [0, 11_500, 0, 300]).await;
    let read = read(&platform, &payment).await;
    assert_eq!(
        (&read["owed_minor"], &read["amount_minor"]),
        (&json!(11_500), &json!(11_500))
    );
    let event = told(&platform, "payment-completed", &payment).await.remove(0);
    let lines = event["lines"].as_array().unwrap().iter();
    let lines: Vec<_> = lines
        .map(|line| (line["line_number"].clone(), line["unit_price_minor"].clone()))
        .collect();
    let expected = [(1, 10_000), (2, 500), (3, 700), (4, 300)].map(|(n, price)| (json!(n), json!(price)));
    assert_eq!(lines, expected);
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_increment_that_is_declined_adds_no_line() {
    let platform = platform().start().await;
    let shop = shop();
    let body = kept(order(
        "order",
        shop,
        &[10_000],
        &[("card", 10_000, "tok_increment_declined")],
    ));
    let steps = [
        does("increment", more(shop, 500, None), "authorized"),
        all("capture", "completed"),
    ];
    let payment = runs(&platform, &body, "authorized", &steps, [0, 10_000, 0, 0]).await;
    let read = read(&platform, &payment).await;
    assert_eq!(read["lines"].as_array().unwrap().len(), 1);
    assert_eq!(read["amount_minor"], 10_000);
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_several_tenders_the_one_that_is_named_grows() {
    let platform = platform().start().await;
    let shop = shop();
    let tenders = [("card", 6_000, "tok_ok"), ("points", 4_000, "pts_ok")];
    let body = kept(order("order", shop, &[10_000], &tenders));
    let steps = [
        refused("increment", more(shop, 500, None), "invalid_field"),
        refused("increment", more(shop, 500, Some(3)), "invalid_field"),
        does("increment", more(shop, 500, Some(2)), "authorized"),
        all("capture", "completed"),
    ];
    let payment = runs(&platform, &body, "authorized", &steps, [0, 10_500, 0, 0]).await;
    let read = read(&platform, &payment).await;
    assert_eq!(read["tenders"][0]["captured_minor"], 6_000);
    assert_eq!(read["tenders"][1]["captured_minor"], 4_500);
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lines_that_come_later_keep_to_what_a_payment_may_be() {
    let platform = platform().start().await;
    let shop = shop();
    let body = kept(order("order", shop, &[10_000], &[("card", 10_000, "tok_ok")]));
    let payment = made(&platform, &body, "authorized").await;
    let line = json!({"partner_id": shop, "unit_price_minor": 1});
    for (increment, pointer, code) in [
        (
            more(PartnerId::generate(), 1, None),
            "/lines/0/partner_id",
            "unknown_partner",
        ),
        (
            json!({"lines": vec![line.clone(); 500]}),
            "/lines",
            "invalid_field",
        ),
        (more(shop, 1_000_000_000_000_000, None), "/lines", "invalid_field"),
        (json!({"lines": []}), "/lines", "invalid_field"),
    ] {
        let problem = ask(&platform, &payment, "increment", increment).await.expect(422);
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
    }
    let most = ask(
        &platform,
        &payment,
        "increment",
        json!({"lines": vec![line; 499]}),
    )
    .await;
    assert_eq!(most.expect(200)["amount_minor"], 10_499);
    assert_sound(&platform).await;
    platform.stop().await;
}
