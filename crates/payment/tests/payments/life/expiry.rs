//! An authorization runs out: what it held is let go, and what was taken stays.

use futures::future::join_all;
use serde_json::json;

use crate::asking::{ask, executed, kept, made, minor, order, sums, told};
use crate::sound::{assert_sound, assert_told};
use crate::support::{platform, shop, until};

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_out_is_let_go_and_what_was_taken_stays() {
    let platform = platform().setting("simulator.late_ms", "1500").start().await;
    let shop = shop();
    let short = [("card", 10_000, "tok_expires")];
    let one_of_two = [("card", 6_000, "tok_expires"), ("card", 4_000, "tok_ok")];
    let both = [("card", 6_000, "tok_expires"), ("card", 4_000, "tok_expires")];
    let cases = [
        ("untouched", &short[..], vec![], "expired", [0, 0, 10_000, 0]),
        (
            "part-taken",
            &short[..],
            vec![("capture", 3_000)],
            "completed",
            [0, 3_000, 7_000, 0],
        ),
        (
            "whole-taken",
            &short[..],
            vec![("capture", 10_000)],
            "completed",
            [0, 10_000, 0, 0],
        ),
        (
            "part-back",
            &short[..],
            vec![("capture", 3_000), ("refund", 1_000)],
            "partially_refunded",
            [0, 3_000, 7_000, 1_000],
        ),
        (
            "one-of-two",
            &one_of_two[..],
            vec![],
            "authorized",
            [4_000, 0, 6_000, 0],
        ),
        ("both", &both[..], vec![], "expired", [0, 0, 10_000, 0]),
    ];
    join_all(cases.map(|(name, tenders, steps, status, end)| {
        let platform = &platform;
        async move {
            let body = kept(order(name, shop, &[7_000, 3_000], tenders));
            let payment = made(platform, &body, "authorized").await;
            for (command, amount) in steps {
                ask(platform, &payment, command, minor(amount)).await.expect(200);
            }
            let read = crate::asking::eventually(name, async || {
                let read = until(platform, &payment, status).await;
                (sums(&read) == end).then_some(read)
            })
            .await;
            let is_held = read["tenders"]
                .as_array()
                .unwrap()
                .iter()
                .any(|tender| tender["held_until"].is_string());
            assert_eq!(is_held, end[0] > 0, "{name}: {read}");
            assert_told(platform, &payment).await;
            if name == "one-of-two" {
                // The other is still good, and completes what the payment comes to.
                let answer = ask(platform, &payment, "capture", json!({})).await.expect(200);
                assert_eq!(answer["status"], "completed", "{answer}");
                assert_told(platform, &payment).await;
            }
            if status == "expired" {
                let voids = executed(platform, &payment).await;
                assert!(
                    voids.iter().any(|(operation, ..)| operation == "void"),
                    "{voids:?}"
                );
                assert!(told(platform, "payment-failed", &payment).await.is_empty());
            }
        }
    }))
    .await;
    assert_sound(&platform).await;
    platform.stop().await;
}
