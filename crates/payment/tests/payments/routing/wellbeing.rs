//! A connector that does not answer lately is asked last, and never left out.

use chassis::{Clock as _, SystemClock};
use chrono::{SubsecRound as _, TimeDelta};
use serde_json::json;

use super::{both, offered, way};
use crate::stripe_double::{SECRET_KEY, StripeDouble};
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn who_does_not_answer_is_asked_last_until_it_has_rested() {
    let double = StripeDouble::start().await;
    let now = SystemClock.now().trunc_subsecs(6);
    let platform = both(&double).clock_at(now).start().await;
    let shop = shop();
    let tokens = [("stripe", "pm_ok"), ("simulator", "tok_ok")];
    double.exchange_key("sk_test_another");
    // Five payments that are Stripe's alone: it lets nobody in.
    for number in 0..5 {
        let alone = offered(&format!("alone-{number}"), shop, &[("stripe", "pm_ok")]);
        let payment = platform.post("payment", "/v1/payments", &alone).await.expect(201);
        assert_eq!(payment["failure"]["code"], "connector_misconfigured");
    }
    double.exchange_key(SECRET_KEY);
    let route = async |reference: &str, tokens: &[(&str, &str)]| {
        let payment = platform
            .post("payment", "/v1/payments", &offered(reference, shop, tokens))
            .await
            .expect(201);
        assert_eq!(payment["status"], json!("completed"), "{payment}");
        way(&platform, &id(&payment)).await.0
    };
    assert_eq!(route("put-behind", &tokens).await, ["simulator", "stripe"]);
    assert_eq!(route("the-only-one", &[("stripe", "pm_ok")]).await, ["stripe"]);
    platform.set_clock(now + TimeDelta::seconds(29));
    assert_eq!(route("still", &tokens).await, ["simulator", "stripe"]);
    platform.set_clock(now + TimeDelta::seconds(30));
    assert_eq!(route("rested", &tokens).await, ["stripe", "simulator"]);
    platform.stop().await;
}
