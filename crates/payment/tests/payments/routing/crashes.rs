//! A process dies between a refusal and what follows from it, wherever that may be: the buyer is charged once.

use std::sync::Arc;

use chrono::TimeDelta;
use serde_json::Value;
use testkit::{Answer, Platform, operator};

use super::{asked, executed, offered, way};
use crate::asking::{eventually, executed as of_network};
use crate::gate::{self, Gate, Hold};
use crate::stripe_double::{self, SECRET_KEY, StripeDouble};
use crate::support::*;

/// None: no answer came.
async fn send(platform: &Platform, key: &str, body: &Value) -> Option<Answer> {
    let caller = operator();
    let headers = [("idempotency-key", key)];
    let post = http::Method::POST;
    platform
        .try_send(
            "payment",
            Some(&caller),
            post,
            "/v1/payments",
            &headers,
            Some(body),
        )
        .await
}

/// A platform whose payment service runs in processes of their own.
async fn apart() -> (Arc<Platform>, StripeDouble) {
    let double = StripeDouble::start().await;
    let services = [partner_service(), gate::network()];
    let platform = Platform::of(&services).apart(&[payment::service()]);
    let platform =
        stripe_double::settings(platform, &double).setting("payment.connector_timeout_ms", "20000");
    (Arc::new(platform.start().await), double)
}

/// A payment, the order at which the process dies, and who was asked for what in the end.
struct Death {
    name: &'static str,
    tokens: [(&'static str, &'static str); 2],
    /// Where the network's order stops; none: where Stripe has executed and not answered.
    hold: Option<Hold>,
    course: [&'static str; 2],
}

/// Makes the payments, has the process die in the midst of them, and another go on.
async fn die(platform: &Arc<Platform>, double: &StripeDouble, deaths: &[Death], is_stripe_unwell: bool) {
    let (gate, shop) = (Gate::of(platform), shop());
    let first = platform.launch(TimeDelta::zero()).await;
    if is_stripe_unwell {
        // So that the network is asked first.
        double.exchange_key("sk_test_another");
        for number in 0..5 {
            let alone = offered(&format!("alone-{number}"), shop, &[("stripe", "pm_ok")]);
            assert_eq!(
                send(platform, &format!("alone-{number}"), &alone)
                    .await
                    .unwrap()
                    .body["status"],
                "failed"
            );
        }
        double.exchange_key(SECRET_KEY);
    }
    let mut asking = Vec::new();
    let mut held = 0;
    for (number, death) in (0_i64..).zip(deaths) {
        let mut body = offered(death.name, shop, &death.tokens);
        for field in ["/lines/0/unit_price_minor", "/tenders/0/amount_minor"] {
            *body.pointer_mut(field).unwrap() = (10_000 + number).into();
        }
        if let Some(hold) = death.hold {
            gate.hold("sale", Some(10_000 + number), hold);
            held += 1;
        }
        let (platform, name, sent) = (Arc::clone(platform), death.name, body.clone());
        let answer =
            tokio::spawn(async move { send(&platform, name, &sent).await.map(|answer| answer.body) });
        asking.push((death, body, answer));
    }
    gate.reached(held).await;
    let withheld = deaths.iter().filter(|death| death.hold.is_none()).count();
    eventually("Stripe has executed it", async || {
        (executed(double).len() == withheld).then_some(())
    })
    .await;
    first.kill().await;
    let second = platform.launch(TimeDelta::minutes(1)).await;
    for (death, body, answer) in asking {
        let name = death.name;
        assert_eq!(answer.await.unwrap(), None, "{name}: nobody was answered");
        let answer = eventually(name, async || {
            let answer = send(platform, name, &body).await?;
            (answer.body["code"] != "request_in_progress").then_some(answer)
        })
        .await;
        assert!(answer.status.is_success(), "{name}: {}", answer.body);
        let payment = id(&answer.body);
        until(platform, &payment, "completed").await;
        let (_, operations) = way(platform, &payment).await;
        assert_eq!(operations, death.course.map(asked), "{name}");
        assert_eq!(published(platform, "payment-failed", &payment).await, 0, "{name}");
        assert_eq!(
            published(platform, "payment-completed", &payment).await,
            1,
            "{name}"
        );
        let sales = of_network(platform, &payment).await;
        let approved = sales.iter().filter(|(.., outcome)| outcome == "approved").count();
        let is_of_network = death.course[1].starts_with("simulator");
        assert_eq!(approved, usize::from(is_of_network), "{name}: {sales:?}");
    }
    // What was on its way arrives after all, and does nothing again.
    let before = (charges(platform).await, executed(double));
    gate.open();
    second.stop().await;
    assert_eq!((charges(platform).await, executed(double)), before);
}

const TO_THE_NETWORK: [&str; 2] = ["stripe sale declined order", "simulator sale succeeded fallback"];
const TO_STRIPE: [&str; 2] = ["simulator sale declined order", "stripe sale succeeded fallback"];

#[tokio::test(flavor = "multi_thread")]
async fn where_a_process_dies_once_another_connector_is_asked_the_buyer_is_charged_once() {
    let (platform, double) = apart().await;
    let tokens = [("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")];
    let death = |name, hold| Death {
        name,
        tokens,
        hold: Some(hold),
        course: TO_THE_NETWORK,
    };
    let deaths = [
        death("before-it-is-asked", Hold::Before),
        death("before-it-answers", Hold::After),
    ];
    die(&platform, &double, &deaths, false).await;
    assert_eq!((charges(&platform).await.0, executed(&double)), (2, vec![]));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_process_dies_before_it_hears_of_a_refusal_another_goes_on_to_the_next() {
    let (platform, double) = apart().await;
    let tokens = [("simulator", "tok_declined"), ("stripe", "pm_ok")];
    let death = |name, hold| Death {
        name,
        tokens,
        hold: Some(hold),
        course: TO_STRIPE,
    };
    let withheld = Death {
        name: "before-stripe-answers",
        tokens: [("simulator", "tok_declined"), ("stripe", "pm_withheld")],
        hold: None,
        course: TO_STRIPE,
    };
    let deaths = [
        death("before-it-is-refused", Hold::Before),
        death("before-the-refusal-is-heard", Hold::After),
        withheld,
    ];
    die(&platform, &double, &deaths, true).await;
    assert_eq!(
        (charges(&platform).await.0, executed(&double)),
        (0, vec!["sale"; 3])
    );
}
