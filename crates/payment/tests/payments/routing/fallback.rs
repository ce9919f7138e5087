//! What one connector refuses is offered to the next, if that may answer otherwise.

use serde_json::json;

use super::{asked, executed, offered, send_to, started, way, write_rules};
use crate::asking::{ask, executed as of_network, kept, minor, read};
use crate::gate::{Gate, Hold};
use crate::support::*;

#[tokio::test(flavor = "multi_thread")]
async fn what_stripe_refuses_the_network_takes() {
    let (platform, double) = started().await;
    let body = offered(
        "o",
        shop(),
        &[("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")],
    );
    let first = post_with_key(&platform, "/v1/payments", "key", &body).await;
    let payment = first.clone().expect(201);
    assert_eq!(
        (
            payment["status"].as_str(),
            payment["connector"].as_str(),
            &payment["failure"]
        ),
        (Some("completed"), Some("simulator"), &json!(null))
    );
    let name = id(&payment);
    let (route, operations) = way(&platform, &name).await;
    assert_eq!(route, ["stripe", "simulator"]);
    assert_eq!(
        operations,
        [
            asked("stripe sale declined order"),
            asked("simulator sale succeeded fallback")
        ]
    );
    assert_eq!(executed(&double), Vec::<&str>::new());
    assert_eq!(published(&platform, "payment-failed", &name).await, 0);
    assert_eq!(published(&platform, "payment-completed", &name).await, 1);
    let again = post_with_key(&platform, "/v1/payments", "key", &body).await;
    assert!(is_replay(&again) && again.bytes == first.bytes);
    // What comes later is asked of whoever has the money.
    ask(&platform, &name, "refund", minor(4_000)).await.expect(200);
    let done = of_network(&platform, &name).await;
    let done: Vec<_> = done.iter().map(|(operation, ..)| operation.as_str()).collect();
    assert_eq!(done, ["sale", "refund"]);
    assert_eq!(executed(&double), Vec::<&str>::new());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_network_refuses_stripe_takes() {
    let (platform, double) = started().await;
    let rule = json!({"currency": "KRW", "connectors": [
        {"connector": "simulator", "weight": 1}, {"connector": "stripe", "weight": 1}]});
    write_rules(&platform, &json!([rule])).await;
    let shop = shop();
    // By weight: until the network comes first.
    for number in 0..64 {
        let body = kept(offered(
            &format!("o-{number}"),
            shop,
            &[("stripe", "pm_ok"), ("simulator", "tok_declined")],
        ));
        let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
        assert_eq!(
            (payment["status"].as_str(), payment["connector"].as_str()),
            (Some("authorized"), Some("stripe"))
        );
        let (route, operations) = way(&platform, &id(&payment)).await;
        if route[0] == "stripe" {
            assert_eq!(operations, [asked("stripe authorize succeeded order")]);
            continue;
        }
        assert_eq!(
            operations,
            [
                asked("simulator authorize declined order"),
                asked("stripe authorize succeeded fallback")
            ]
        );
        ask(&platform, &id(&payment), "capture", json!({}))
            .await
            .expect(200);
        let (_, operations) = way(&platform, &id(&payment)).await;
        assert_eq!(operations[2], asked("stripe capture succeeded caller"));
        assert_eq!(executed(&double).last(), Some(&"capture"));
        assert_eq!(charges(&platform).await.0, 0);
        platform.stop().await;
        return;
    }
    unreachable!("the network never came first");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_buyers_card_answers_counts_everywhere() {
    let (platform, double) = started().await;
    let shop = shop();
    for (token, code) in [
        ("pm_stolen", "stolen_card"),
        ("pm_declined", "insufficient_funds"),
    ] {
        let body = offered(token, shop, &[("stripe", token), ("simulator", "tok_ok")]);
        let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
        assert_eq!(
            (payment["status"].as_str(), payment["failure"]["code"].as_str()),
            (Some("failed"), Some(code))
        );
        let (_, operations) = way(&platform, &id(&payment)).await;
        assert_eq!(operations, [asked("stripe sale declined order")]);
        assert_eq!(published(&platform, "payment-failed", &id(&payment)).await, 1);
    }
    assert_eq!((charges(&platform).await, executed(&double)), ((0, 0), vec![]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_answered_is_asked_for_and_nobody_else_is() {
    let (platform, double) = started().await;
    let shop = shop();
    for (token, executions) in [("pm_withheld", 1), ("pm_lost", 2)] {
        let body = offered(token, shop, &[("stripe", token), ("simulator", "tok_ok")]);
        let payment = platform.post("payment", "/v1/payments", &body).await.expect(202);
        assert_eq!(
            (payment["status"].as_str(), payment["connector"].as_str()),
            (Some("processing"), Some("stripe"))
        );
        let done = until(&platform, &id(&payment), "completed").await;
        assert_eq!(done["connector"], "stripe");
        let (_, operations) = way(&platform, &id(&payment)).await;
        assert_eq!(operations, [asked("stripe sale succeeded order")]);
        assert_eq!(executed(&double).len(), executions, "{token}");
    }
    assert_eq!(charges(&platform).await, (0, 0));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_offered_elsewhere_and_not_answered_there_is_asked_for_there() {
    let (platform, double) = started().await;
    let gate = Gate::of(&platform);
    gate.hold("sale", None, Hold::Lost);
    let body = offered(
        "o",
        shop(),
        &[("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")],
    );
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(202);
    assert_eq!(
        (payment["status"].as_str(), payment["connector"].as_str()),
        (Some("processing"), Some("simulator"))
    );
    let name = id(&payment);
    assert_eq!(published(&platform, "payment-failed", &name).await, 0);
    // While it is not known what became of it, nothing starts beside it.
    ask(&platform, &name, "cancel", json!({})).await.expect(409);
    gate.open();
    until(&platform, &name, "completed").await;
    assert_eq!(charges(&platform).await, (1, 1));
    assert_eq!(executed(&double), Vec::<&str>::new());
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn when_everybody_has_refused_the_payment_has_failed_once() {
    let (platform, _double) = started().await;
    let shop = shop();
    let body = offered(
        "o",
        shop,
        &[("stripe", "pm_do_not_honor"), ("simulator", "tok_declined")],
    );
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    assert_eq!(
        (
            payment["status"].as_str(),
            payment["failure"]["code"].as_str(),
            payment["connector"].as_str()
        ),
        (Some("failed"), Some("card_declined"), Some("simulator"))
    );
    let (_, operations) = way(&platform, &id(&payment)).await;
    assert_eq!(
        operations,
        [
            asked("stripe sale declined order"),
            asked("simulator sale declined fallback")
        ]
    );
    assert_eq!(published(&platform, "payment-failed", &id(&payment)).await, 1);
    // The buyer may try again under the same reference.
    let body = offered("o", shop, &[("stripe", "pm_ok")]);
    platform.post("payment", "/v1/payments", &body).await.expect(201);
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_caller_names_the_connector_nobody_else_is_asked() {
    let (platform, _double) = started().await;
    let mut body = card("o", shop(), "pm_do_not_honor");
    body["connector"] = json!("stripe");
    let payment = platform.post("payment", "/v1/payments", &body).await.expect(201);
    assert_eq!(
        (payment["status"].as_str(), payment["failure"]["code"].as_str()),
        (Some("failed"), Some("do_not_honor"))
    );
    let (route, operations) = way(&platform, &id(&payment)).await;
    assert_eq!(
        (route, operations),
        (vec![], vec![asked("stripe sale declined order")])
    );
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_worked_on_later_and_those_of_a_batch_go_on_too() {
    let (platform, double) = started().await;
    let shop = shop();
    let tokens = [("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")];
    let headers = [("idempotency-key", "later"), ("prefer", "respond-async")];
    let later = post_with(
        &platform,
        "/v1/payments",
        &headers,
        &offered("later", shop, &tokens),
    )
    .await;
    let later = id(&later.expect(202));
    let batch = json!({"payments": [offered("b-1", shop, &tokens), external("b-2", shop), offered("b-3", shop, &tokens)]});
    let answer = platform
        .post("payment", "/v1/payments/batch", &batch)
        .await
        .expect(200);
    let results = answer["results"].as_array().unwrap();
    let stands = |result: &serde_json::Value| {
        let payment = &result["payment"];
        (payment["status"].clone(), payment["connector"].clone())
    };
    assert_eq!(
        results.iter().map(stands).collect::<Vec<_>>(),
        ["simulator", "external", "simulator"].map(|by| (json!("completed"), json!(by)))
    );
    let done = until(&platform, &later, "completed").await;
    assert_eq!(done["connector"], "simulator");
    let (_, operations) = way(&platform, &later).await;
    assert_eq!(
        operations,
        [
            asked("stripe sale declined order"),
            asked("simulator sale succeeded fallback")
        ]
    );
    assert_eq!((charges(&platform).await.0, executed(&double)), (3, vec![]));
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_route_stays_as_it_was_decided() {
    let (platform, _double) = started().await;
    send_to(&platform, "stripe").await;
    let shop = shop();
    let tokens = [("stripe", "pm_do_not_honor"), ("simulator", "tok_ok")];
    let payment = platform
        .post("payment", "/v1/payments", &offered("o", shop, &tokens))
        .await
        .expect(201);
    // Nobody else is on its way.
    assert_eq!(payment["status"], "failed");
    send_to(&platform, "simulator").await;
    let path = format!("/v1/payments/{}/timeline", id(&payment));
    let timeline = platform.get("payment", &path).await.expect(200);
    let route = &timeline["items"][0];
    assert_eq!(
        (&route["kind"], &route["data"]),
        (
            &json!("route"),
            &json!({"routing_version": 1, "rule_number": 1, "connectors": ["stripe"]})
        )
    );
    assert_eq!(read(&platform, &id(&payment)).await["connector"], "stripe");
    let other = platform
        .post("payment", "/v1/payments", &offered("p", shop, &tokens))
        .await
        .expect(201);
    assert_eq!(
        (other["status"].as_str(), other["connector"].as_str()),
        (Some("completed"), Some("simulator"))
    );
    platform.stop().await;
}
