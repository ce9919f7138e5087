//! Payments that nobody can be asked for.

use money::Currency;
use serde_json::{Value, json};
use testkit::Platform;

use super::{offered, send_to, several, started};
use crate::support::*;

/// Where a payment is refused, and why.
async fn refused(platform: &Platform, body: &Value) -> Vec<(String, String)> {
    let problem = platform.post("payment", "/v1/payments", body).await.expect(422);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let errors = problem["errors"].as_array().unwrap().iter();
    errors
        .map(|error| (text(&error["pointer"]), text(&error["detail"])))
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_can_be_asked_for_says_which_token_is_missing() {
    let (platform, _double) = started().await;
    let shop = shop();
    // Each could be taken by somebody, and both by nobody.
    let apart = several(
        "o",
        shop,
        &[
            ("card", 6_000, &[("stripe", "pm_ok")]),
            ("card", 4_000, &[("simulator", "tok_ok")]),
        ],
    );
    let faults = refused(&platform, &apart).await;
    assert_eq!(faults[0].0, "/tenders");
    assert!(
        faults.len() == 1 && faults[0].1.starts_with("stripe or simulator can be asked"),
        "{faults:?}"
    );
    // Stripe charges no 0, and the voucher is the network's.
    let nothing = several(
        "o",
        shop,
        &[
            ("card", 0, &[("stripe", "pm_ok")]),
            ("voucher", 4_000, &[("simulator", "vch_ok")]),
        ],
    );
    let faults = refused(&platform, &nothing).await;
    assert_eq!(
        faults.iter().map(|fault| fault.0.as_str()).collect::<Vec<_>>(),
        ["/tenders/0/tokens"]
    );
    // The first rule that matches decides, though another one could take it.
    send_to(&platform, "stripe").await;
    let faults = refused(&platform, &offered("o", shop, &[("simulator", "tok_ok")])).await;
    assert_eq!(faults[0].0, "/tenders/0/tokens");
    assert!(
        faults[0].1.starts_with("rule 1 of /v1/routing has stripe asked"),
        "{faults:?}"
    );
    let isk = Currency::parse("ISK").unwrap();
    let mut large = offered("o", partner(&[isk]), &[("stripe", "pm_ok")]);
    large["currency"] = json!("ISK");
    for field in ["/lines/0/unit_price_minor", "/tenders/0/amount_minor"] {
        *large.pointer_mut(field).unwrap() = json!(1_000_000_000_000_i64);
    }
    assert_eq!(refused(&platform, &large).await[0].0, "/tenders/0/tokens");
    // Nothing was kept under their keys, and nothing of them is there.
    let list = platform.get("payment", "/v1/payments").await.expect(200);
    assert_eq!(list["data"], json!([]));
    let body = offered("o", shop, &[("simulator", "tok_ok")]);
    post_with_key(&platform, "/v1/payments", "key", &body)
        .await
        .expect(422);
    send_to(&platform, "simulator").await;
    post_with_key(&platform, "/v1/payments", "key", &body)
        .await
        .expect(201);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_takes_no_money_here_is_not_asked() {
    let platform = platform().start().await;
    let shop = shop();
    let both = [("stripe", "pm_ok"), ("simulator", "tok_ok")];
    let payment = platform
        .post("payment", "/v1/payments", &offered("o", shop, &both))
        .await
        .expect(201);
    assert_eq!(
        (payment["status"].as_str(), payment["connector"].as_str()),
        (Some("completed"), Some("simulator"))
    );
    let faults = refused(&platform, &offered("p", shop, &[("stripe", "pm_ok")])).await;
    assert_eq!(faults[0].0, "/tenders/0/tokens");
    assert!(faults[0].1.starts_with("simulator can be asked"), "{faults:?}");
    platform.stop().await;
}
