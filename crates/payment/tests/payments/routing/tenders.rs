//! Payments by several means, and by stored ones, that are routed.

use serde_json::json;

use super::{asked, executed, several, started, way};
use crate::asking::executed as of_network;
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn the_first_means_takes_all_others_with_it() {
    let (platform, double) = started().await;
    let body = several(
        "o",
        shop(),
        &[
            (
                "card",
                6_000,
                &[("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")],
            ),
            ("card", 4_000, &[("stripe", "pm_ok"), ("simulator", "tok_twice")]),
        ],
    );
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    assert_eq!(
        (payment["status"].as_str(), payment["connector"].as_str()),
        (Some("completed"), Some("simulator"))
    );
    let (_, operations) = way(&platform, &id(&payment)).await;
    assert_eq!(
        operations,
        [
            "stripe authorize declined order",
            "simulator authorize succeeded fallback",
            "simulator authorize succeeded order",
            "simulator capture succeeded order",
            "simulator capture succeeded order",
        ]
        .map(asked)
    );
    assert_eq!(executed(&double), Vec::<&str>::new());
    let of_network = of_network(&platform, &id(&payment)).await;
    assert_eq!(
        of_network
            .iter()
            .filter(|(operation, ..)| operation == "capture")
            .count(),
        2
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn once_one_means_is_held_a_later_refusal_ends_the_payment() {
    let (platform, double) = started().await;
    let body = several(
        "o",
        shop(),
        &[
            ("card", 6_000, &[("stripe", "pm_ok"), ("simulator", "tok_ok")]),
            (
                "card",
                4_000,
                &[("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")],
            ),
        ],
    );
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    assert_eq!(
        (payment["status"].as_str(), payment["failure"]["code"].as_str()),
        (Some("failed"), Some("do_not_honor"))
    );
    assert_eq!(executed(&double), ["authorize", "void"]);
    assert_eq!(charges(&platform).await, (0, 0));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stored_means_goes_to_whoever_knows_it() {
    let (platform, double) = started().await;
    let method =
        json!({"connector": "simulator", "kind": "card", "token": "tok_ok", "holder_reference": "buyer"});
    let method = platform
        .post("payment", "/v1/payment-methods", &method)
        .await
        .expect(201);
    let mut body = several(
        "o",
        shop(),
        &[
            ("card", 6_000, &[]),
            ("card", 4_000, &[("stripe", "pm_ok"), ("simulator", "tok_ok")]),
        ],
    );
    body["tenders"][0] = json!({"kind": "card", "amount_minor": 6_000, "payment_method_id": method["id"]});
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    assert_eq!(
        (payment["status"].as_str(), payment["connector"].as_str()),
        (Some("completed"), Some("simulator"))
    );
    assert_eq!(payment["tenders"][0]["payment_method"]["id"], method["id"]);
    let (route, _) = way(&platform, &id(&payment)).await;
    assert_eq!(route, ["simulator"]);
    assert_eq!(executed(&double), Vec::<&str>::new());
    // One that was detached pays nothing new, whoever would be asked first.
    let path = format!("/v1/payment-methods/{}", id(&method));
    let caller = testkit::operator();
    platform
        .send("payment", Some(&caller), http::Method::DELETE, &path, &[], None)
        .await
        .expect(204);
    body["order_reference"] = json!("p");
    let refused = platform.post("payment", "/v1/payments", &body).await.expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/tenders/0/payment_method_id");
    let tokens = several(
        "q",
        shop(),
        &[("card", 6_000, &[("stripe", "pm_ok"), ("simulator", "tok_ok")])],
    );
    let refused = platform
        .post("payment", "/v1/payments", &tokens)
        .await
        .expect(422);
    assert_eq!(refused["errors"][0]["pointer"], "/tenders/0/tokens/simulator");
    platform.stop().await;
}
