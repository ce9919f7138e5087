//! Histories of the running service, whose process is killed again and again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use futures::StreamExt as _;
use futures::future::{join, join_all};
use futures::stream;
use http::Method;
use ids::PartnerId;
use serde_json::{Value, json};
use testkit::{Answer, Platform, operator};

use crate::asking::{kept, order, path, read};
use crate::linear::checker::{Call, check};
use crate::linear::model::{Command, Payment, Step};
use crate::sound::{assert_sound, settled};
use crate::support::{id, partner_service, shop};

const CLIENTS: usize = 4;
/// What each client does to one payment.
const STEPS: usize = 13;
/// How often one more client reads it meanwhile, without a pause.
const READS: usize = 60;
const AMOUNT: i64 = 1_000;
/// Payments at the same time.
const SIDE_BY_SIDE: usize = 40;
/// How often the process is killed in a run.
const KILLS: usize = 4;

/// Operations in all.
fn operations() -> usize {
    let set = std::env::var("JEONGSAN_LINEAR_OPERATIONS").ok();
    set.map_or(2_000, |count| {
        count.parse().expect("JEONGSAN_LINEAR_OPERATIONS is a number")
    })
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % sides
    }

    fn amount(&mut self, most: u64) -> i64 {
        i64::try_from(self.roll(most) + 1).unwrap()
    }
}

/// One payment, and what its clients saw.
struct Watched {
    platform: Arc<Platform>,
    payment: String,
    /// Orders beginnings and ends.
    time: AtomicU64,
    numbers: AtomicUsize,
    /// Operations of all payments so far.
    progress: Arc<AtomicUsize>,
}

impl Watched {
    fn now(&self) -> u64 {
        self.time.fetch_add(1, Ordering::SeqCst)
    }

    /// Sends it under one key until there is an answer, as a client does whose connection broke.
    async fn send(&self, method: &Method, path: &str, key: &str, body: Option<&Value>) -> Answer {
        let headers = [("idempotency-key", key)];
        crate::asking::eventually(path, async || {
            let caller = operator();
            let sending =
                self.platform
                    .try_send("payment", Some(&caller), method.clone(), path, &headers, body);
            let answer = sending.await?;
            let is_final = !answer.status.is_server_error() && answer.body["code"] != "request_in_progress";
            is_final.then_some(answer)
        })
        .await
    }

    async fn read(&self) -> Call<Step> {
        let began = self.now();
        let path = format!("/v1/payments/{}", self.payment);
        let payment = self.send(&Method::GET, &path, "", None).await.expect(200);
        Call {
            step: Step::read(&payment),
            began,
            ended: Some(self.now()),
        }
    }

    async fn command(&self, command: Command) -> Vec<Call<Step>> {
        let number = self.numbers.fetch_add(1, Ordering::SeqCst);
        let (word, body) = match command {
            Command::Capture(minor) => ("capture", json!({"amount_minor": minor})),
            Command::Refund(minor) => ("refund", json!({"amount_minor": minor})),
            Command::Void => ("void", json!({})),
        };
        let began = self.now();
        let path = path(&self.payment, word);
        let answer = self
            .send(&Method::POST, &path, &format!("key-{number}"), Some(&body))
            .await;
        let ended = Some(self.now());
        let call = |step, ended| Call { step, began, ended };
        match (answer.status.as_u16(), answer.body["code"].as_str()) {
            (200, _) => vec![
                call(Step::Begins(number, command), ended),
                call(Step::Ends(number, command), ended),
            ],
            (202, _) => vec![
                call(Step::Begins(number, command), ended),
                call(Step::Ends(number, command), None),
            ],
            (409, Some("conflict")) => vec![call(Step::Conflict(command), ended)],
            (422, Some("amount_beyond_what_is_left")) => vec![call(Step::Beyond(command), ended)],
            _ => unreachable!("{}", answer.body),
        }
    }

    /// A client who looks on.
    async fn reader(&self) -> Vec<Call<Step>> {
        let mut calls = Vec::new();
        for _ in 0..READS {
            calls.push(self.read().await);
        }
        calls
    }

    async fn client(&self, seed: u64) -> Vec<Call<Step>> {
        let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        let mut calls = Vec::new();
        for _ in 0..STEPS {
            let command = match dice.roll(100) {
                0..40 => Some(Command::Capture(dice.amount(60))),
                40..75 => Some(Command::Refund(dice.amount(40))),
                75..77 => Some(Command::Void),
                _ => None,
            };
            match command {
                Some(command) => calls.extend(self.command(command).await),
                None => calls.push(self.read().await),
            }
            self.progress.fetch_add(1, Ordering::SeqCst);
            if matches!(calls.last().map(|call| &call.step), Some(Step::Conflict(_))) {
                calls.push(self.calm().await);
            }
        }
        calls
    }

    /// Reads until nothing is open; what was read last.
    async fn calm(&self) -> Call<Step> {
        crate::asking::eventually("nothing is open", async || {
            let call = self.read().await;
            let is_open = matches!(&call.step, Step::Read(status, _) if status == "processing");
            (!is_open).then_some(call)
        })
        .await
    }
}

async fn history(
    platform: Arc<Platform>,
    shop: PartnerId,
    place: usize,
    progress: Arc<AtomicUsize>,
) -> (Watched, Vec<Call<Step>>) {
    let token = ["tok_ok", "tok_capture_timeout", "tok_refund_timeout"][place % 3];
    let body = kept(order(
        &format!("order-{place}"),
        shop,
        &[AMOUNT],
        &[("card", AMOUNT, token)],
    ));
    let mut watched = Watched {
        platform,
        payment: String::new(),
        time: AtomicU64::new(1),
        numbers: AtomicUsize::new(0),
        progress,
    };
    let key = format!("make-{place}");
    let made = watched
        .send(&Method::POST, "/v1/payments", &key, Some(&body))
        .await;
    assert!(made.status.is_success(), "{}", made.body);
    watched.payment = id(&made.body);
    crate::asking::eventually("it is held", async || {
        let path = format!("/v1/payments/{}", watched.payment);
        let read = watched.send(&Method::GET, &path, "", None).await.expect(200);
        (read["status"] == "authorized").then_some(())
    })
    .await;
    let seed = |client: usize| u64::try_from(place * CLIENTS + client).unwrap();
    let clients = (0..CLIENTS).map(|client| watched.client(seed(client)));
    let (mut calls, reads) = join(join_all(clients), watched.reader()).await;
    calls.push(reads);
    let calls = calls.concat();
    (watched, calls)
}

/// Kills the process and starts another, each time that so much was done.
async fn kill(platform: Arc<Platform>, progress: Arc<AtomicUsize>, all: usize) -> testkit::Process {
    let mut process = platform.launch(TimeDelta::zero()).await;
    for time in 1..=KILLS {
        while progress.load(Ordering::SeqCst) < all * time / (KILLS + 1) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        process.kill().await;
        // Leases of the one that died are over for the next.
        process = platform
            .launch(TimeDelta::minutes(i64::try_from(time).unwrap()))
            .await;
    }
    process
}

#[tokio::test(flavor = "multi_thread")]
async fn what_clients_see_could_have_happened_one_after_another() {
    let platform = Platform::of(&[partner_service(), simulator::service()])
        .apart(&[payment::service()])
        .setting("payment.connector_timeout_ms", "300")
        .setting("simulator.withhold_ms", "1000")
        .start()
        .await;
    let (platform, shop, progress) = (Arc::new(platform), shop(), Arc::new(AtomicUsize::new(0)));
    let payments = operations().div_ceil(CLIENTS * STEPS);
    let all = payments * CLIENTS * STEPS;
    let killing = tokio::spawn(kill(Arc::clone(&platform), Arc::clone(&progress), all));
    let histories =
        (0..payments).map(|place| history(Arc::clone(&platform), shop, place, Arc::clone(&progress)));
    let histories: Vec<_> = stream::iter(histories)
        .buffer_unordered(SIDE_BY_SIDE)
        .collect()
        .await;
    let process = killing.await.unwrap();
    settled(&platform).await;
    let (mut steps, mut done) = (0, 0);
    for (watched, mut calls) in histories {
        let began = watched.now();
        let last = read(&platform, &watched.payment).await;
        calls.push(Call {
            step: Step::read(&last),
            began,
            ended: Some(watched.now()),
        });
        steps += calls.len();
        done += calls
            .iter()
            .filter(|call| matches!(call.step, Step::Begins(..)))
            .count();
        if let Err(impossible) = check(&Payment { amount: AMOUNT }, &calls) {
            unreachable!(
                "{}: {} of {} steps are in order; left: {:#?}",
                watched.payment,
                impossible.longest,
                calls.len(),
                impossible.left
            );
        }
    }
    // A history of refusals alone would prove nothing.
    assert!(done * 10 > all, "{done} of {all} were done");
    println!(
        "{payments} payments, {all} operations, {done} of them begun, {steps} steps in order, {KILLS} kills"
    );
    assert_sound(&platform).await;
    process.stop().await;
}
