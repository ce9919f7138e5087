//! The network does not say what became of an operation: nothing starts beside it until it does.

use futures::future::join_all;
use serde_json::json;

use crate::asking::{ask, executed, kept, made, operations, order, read, sums};
use crate::gate::{self, Gate, Hold};
use crate::sound::{assert_sound, assert_told};
use crate::support::{self, is_replay, partner_service, post_with_key, shop, until};
use testkit::Platform;

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_does_not_come_is_asked_for_and_nothing_starts_meanwhile() {
    let platform = support::platform()
        .setting("payment.connector_timeout_ms", "1500")
        .setting("simulator.withhold_ms", "5000")
        .start()
        .await;
    let shop = shop();
    let held = |token| kept(order(token, shop, &[10_000], &[("card", 10_000, token)]));
    let cases = [
        (
            held("tok_capture_timeout"),
            "authorized",
            "capture",
            "completed",
            [0, 10_000, 0, 0],
        ),
        (
            order(
                "tok_refund_timeout",
                shop,
                &[10_000],
                &[("card", 10_000, "tok_refund_timeout")],
            ),
            "completed",
            "refund",
            "refunded",
            [0, 10_000, 0, 10_000],
        ),
    ];
    join_all(cases.map(|(body, at_first, command, status, end)| {
        let platform = &platform;
        async move {
            let payment = made(platform, &body, at_first).await;
            let path = crate::asking::path(&payment, command);
            let first = post_with_key(platform, &path, command, &json!({})).await;
            assert_eq!(first.clone().expect(202)["status"], "processing");
            let done = until(platform, &payment, status).await;
            assert_eq!(sums(&done), end, "{done}");
            let again = post_with_key(platform, &path, command, &json!({})).await;
            assert!(
                is_replay(&again) && again.bytes == first.bytes,
                "the first answer is kept"
            );
            assert_eq!(executed(platform, &payment).await.len(), 2, "once");
            assert_told(platform, &payment).await;
        }
    }))
    .await;
    assert_sound(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn while_an_outcome_is_open_every_other_command_is_refused() {
    let services = [partner_service(), gate::network(), payment::service()];
    let platform = Platform::of(&services).start().await;
    let (gate, shop) = (Gate::of(&platform), shop());
    for (name, hold, in_the_end) in [("lost", Hold::Lost, 1), ("untold", Hold::Untold, 1)] {
        let body = kept(order(name, shop, &[10_000], &[("card", 10_000, "tok_ok")]));
        let payment = made(&platform, &body, "authorized").await;
        gate.hold("capture", None, hold);
        let answer = ask(&platform, &payment, "capture", json!({"amount_minor": 4_000})).await;
        assert_eq!(answer.expect(202)["status"], "processing", "{name}");
        let before = read(&platform, &payment).await;
        for (command, body) in [
            ("capture", json!({})),
            ("void", json!({})),
            ("refund", json!({})),
            ("increment", crate::asking::more(shop, 1, None)),
            ("cancel", json!({})),
        ] {
            let problem = ask(&platform, &payment, command, body).await.expect(409);
            assert_eq!(problem["code"], "conflict", "{name} {command}");
        }
        assert_eq!(read(&platform, &payment).await, before, "{name}");
        gate.open();
        let done = until(&platform, &payment, "partially_captured").await;
        assert_eq!(sums(&done), [6_000, 4_000, 0, 0], "{name}");
        let captures = executed(&platform, &payment).await;
        assert_eq!(
            captures
                .iter()
                .filter(|(operation, ..)| operation == "capture")
                .count(),
            in_the_end,
            "{name}"
        );
        assert_eq!(
            operations(&platform, &payment).await.len(),
            2,
            "{name}: refused commands leave nothing behind"
        );
    }
    assert_sound(&platform).await;
    platform.stop().await;
}
