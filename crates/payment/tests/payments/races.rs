//! Commands that come at once: of two that exclude each other at most one is done, and never more than there is.

use std::sync::Arc;

use crate::asking::{ask, kept, made, minor, order, path, read, sums};
use crate::sound::{assert_sound, assert_told};
use crate::support::{self, is_replay, post_with_key, shop};
use futures::StreamExt as _;
use futures::stream;
use serde_json::{Value, json};
use testkit::{Answer, Platform};

/// Rounds of each race.
fn rounds() -> usize {
    let set = std::env::var("JEONGSAN_RACES").ok();
    set.map_or(200, |count| count.parse().expect("JEONGSAN_RACES is a number"))
}

/// Rounds at the same time.
const SIDE_BY_SIDE: usize = 8;

/// A command and what it asks for.
type Ask = (&'static str, Option<i64>);

fn body(amount: Option<i64>) -> Value {
    amount.map_or_else(|| json!({}), minor)
}

/// Sends both at once.
async fn at_once(platform: &Arc<Platform>, payment: &str, asks: [Ask; 2]) -> [Answer; 2] {
    let sent = asks.map(|(command, amount)| {
        let (platform, payment) = (Arc::clone(platform), payment.to_owned());
        tokio::spawn(async move { ask(&platform, &payment, command, body(amount)).await })
    });
    let [one, other] = sent;
    [one.await.unwrap(), other.await.unwrap()]
}

/// One of the answers that a race allows; whether it was done.
fn is_done(answer: &Answer) -> bool {
    match answer.status.as_u16() {
        200 => true,
        409 => {
            assert_eq!(answer.body["code"], "conflict", "{}", answer.body);
            false
        }
        422 => {
            assert_eq!(
                answer.body["code"], "amount_beyond_what_is_left",
                "{}",
                answer.body
            );
            false
        }
        other => unreachable!("{other}: {}", answer.body),
    }
}

/// What a payment is of, what was done before, what comes at once, and the ends that are allowed: which of the two was
/// done, and what is held, taken, let go and given back then.
struct Race {
    name: &'static str,
    before: &'static [Ask],
    asks: [Ask; 2],
    ends: &'static [([bool; 2], [i64; 4])],
}

const RACES: &[Race] = &[
    Race {
        name: "two refunds that exceed it together",
        before: &[("capture", None)],
        asks: [("refund", Some(6_000)), ("refund", Some(5_000))],
        ends: &[
            ([true, false], [0, 10_000, 0, 6_000]),
            ([false, true], [0, 10_000, 0, 5_000]),
        ],
    },
    Race {
        name: "two refunds that fit",
        before: &[("capture", None)],
        asks: [("refund", Some(6_000)), ("refund", Some(4_000))],
        ends: &[
            ([true, false], [0, 10_000, 0, 6_000]),
            ([false, true], [0, 10_000, 0, 4_000]),
            ([true, true], [0, 10_000, 0, 10_000]),
        ],
    },
    Race {
        name: "a refund and a capture",
        before: &[("capture", Some(4_000))],
        asks: [("refund", None), ("capture", None)],
        ends: &[
            ([true, false], [6_000, 4_000, 0, 4_000]),
            ([false, true], [0, 10_000, 0, 0]),
            // One after the other: all of 4,000 or of 10,000 goes back.
            ([true, true], [0, 10_000, 0, 4_000]),
            ([true, true], [0, 10_000, 0, 10_000]),
        ],
    },
    Race {
        name: "a capture and a void",
        before: &[],
        asks: [("capture", None), ("void", None)],
        ends: &[
            ([true, false], [0, 10_000, 0, 0]),
            ([false, true], [0, 0, 10_000, 0]),
        ],
    },
    Race {
        name: "a part of it and a void",
        before: &[],
        asks: [("capture", Some(4_000)), ("void", None)],
        ends: &[
            ([true, false], [6_000, 4_000, 0, 0]),
            ([false, true], [0, 0, 10_000, 0]),
            ([true, true], [0, 4_000, 6_000, 0]),
        ],
    },
    Race {
        name: "two captures",
        before: &[],
        asks: [("capture", Some(6_000)), ("capture", Some(5_000))],
        ends: &[
            ([true, false], [4_000, 6_000, 0, 0]),
            ([false, true], [5_000, 5_000, 0, 0]),
        ],
    },
];

#[tokio::test(flavor = "multi_thread")]
async fn of_what_excludes_each_other_at_most_one_is_done() {
    let platform = Arc::new(support::platform().start().await);
    let shop = shop();
    for race in RACES {
        let run = |round: usize| {
            let platform = &platform;
            async move {
                let name = format!("{} {round}", race.name);
                let body_of = kept(order(&name, shop, &[7_000, 3_000], &[("card", 10_000, "tok_ok")]));
                let payment = made(platform, &body_of, "authorized").await;
                for (command, amount) in race.before {
                    ask(platform, &payment, command, body(*amount)).await.expect(200);
                }
                let answers = at_once(platform, &payment, race.asks).await;
                let done = [is_done(&answers[0]), is_done(&answers[1])];
                let read = read(platform, &payment).await;
                assert!(
                    race.ends.contains(&(done, sums(&read))),
                    "{name}: {done:?} {read}"
                );
                assert_told(platform, &payment).await;
            }
        };
        stream::iter((0..rounds()).map(run))
            .buffer_unordered(SIDE_BY_SIDE)
            .collect::<Vec<()>>()
            .await;
    }
    assert_sound(&platform).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_runs_out_while_it_is_taken_is_taken_or_let_go() {
    let platform = Platform::of(&[support::partner_service(), simulator::service()])
        .apart(&[payment::service()])
        .setting("simulator.late_ms", "30000")
        .start()
        .await;
    // By the clock of the payment service everything has run out at once, and by the network's nothing has: so that
    // both are done by whoever is first.
    let process = platform.launch(chrono::TimeDelta::minutes(1)).await;
    let shop = shop();
    let run = |round: usize| {
        let platform = &platform;
        async move {
            let name = format!("order-{round}");
            let body = kept(order(&name, shop, &[10_000], &[("card", 10_000, "tok_expires")]));
            let made = platform.post("payment", "/v1/payments", &body).await.expect(201);
            let payment = support::id(&made);
            let is_taken = is_done(&ask(platform, &payment, "capture", minor(4_000)).await);
            let status = if is_taken { "completed" } else { "expired" };
            let end = sums(&support::until(platform, &payment, status).await);
            let taken = if is_taken { 4_000 } else { 0 };
            assert_eq!(end, [0, taken, 10_000 - taken, 0], "{name}");
            assert_told(platform, &payment).await;
        }
    };
    let rounds = stream::iter((0..rounds()).map(run));
    rounds.buffer_unordered(SIDE_BY_SIDE).collect::<Vec<()>>().await;
    assert_sound(&platform).await;
    process.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_at_once_is_one_change() {
    let platform = Arc::new(support::platform().start().await);
    let shop = shop();
    let run = |round: usize| {
        let platform = &platform;
        async move {
            let name = format!("order-{round}");
            let body = kept(order(&name, shop, &[10_000], &[("card", 10_000, "tok_ok")]));
            let payment = made(platform, &body, "authorized").await;
            for (command, end) in [
                ("capture", [9_000, 1_000, 0, 0]),
                ("refund", [9_000, 1_000, 0, 1_000]),
            ] {
                let path = path(&payment, command);
                let answers = [(); 3].map(|()| {
                    let (platform, path) = (Arc::clone(platform), path.clone());
                    tokio::spawn(async move { post_with_key(&platform, &path, "key", &minor(1_000)).await })
                });
                let mut first = Vec::new();
                for answer in answers {
                    let answer = answer.await.unwrap();
                    if answer.body["code"] == "request_in_progress" {
                        assert_eq!(answer.status, 409);
                        continue;
                    }
                    answer.clone().expect(200);
                    first.push((is_replay(&answer), answer.bytes));
                }
                assert_eq!(
                    first.iter().filter(|(is_replay, _)| !is_replay).count(),
                    1,
                    "{name} {command}"
                );
                assert!(
                    first.iter().all(|(_, bytes)| *bytes == first[0].1),
                    "{name} {command}"
                );
                assert_eq!(sums(&read(platform, &payment).await), end, "{name} {command}");
            }
        }
    };
    stream::iter((0..rounds()).map(run))
        .buffer_unordered(SIDE_BY_SIDE)
        .collect::<Vec<()>>()
        .await;
    assert_sound(&platform).await;
}
