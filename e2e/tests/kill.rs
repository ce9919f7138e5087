//! What was answered with 2xx survives `kill -9`, of the platform and of its database, again and again on one data
//! folder.
//!
//! `JEONGSAN_KILL_ROUNDS` and `JEONGSAN_POSTGRES_KILL_ROUNDS` say how often (4 and 2 if left out), `JEONGSAN_SEED`
//! which instants.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::{
    Api, Mode, Platform, contract_terms, eventually, external_payment, partner_with_contract,
    platform_payment,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

const CLIENTS: usize = 8;

/// What the clients sent, by order reference: the body, and the id that was answered, if an answer came.
type Sent = BTreeMap<String, (Value, Option<String>)>;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(default)
}

/// One client: pays order after order until it is told to stop, half of them through the simulator.
async fn client(api: Api, partner: String, prefix: String, stop: Arc<AtomicBool>) -> Sent {
    let mut sent = Sent::new();
    for n in 0.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let order = format!("{prefix}-{n}");
        let body = if n % 2 == 0 {
            external_payment(&order, &partner, 1_000 + n, 1_000 + n, "2026-10-02T03:00:00Z")
        } else {
            platform_payment(&order, &partner, 1_000 + n, "tok_ok")
        };
        let answer = api.post("/v1/payments", &order, &body).await;
        let id = answer
            .ok()
            .filter(|a| a.status.is_success())
            .and_then(|a| id_of(&a.body));
        let failed = id.is_none();
        sent.insert(order, (body, id));
        if failed && stop.load(Ordering::Relaxed) {
            break;
        }
    }
    sent
}

fn id_of(payment: &Value) -> Option<String> {
    payment.get("id").and_then(Value::as_str).map(str::to_owned)
}

/// Sends everything again under its key: what was answered must be answered alike, what was not must go through.
async fn repeat(api: &Api, sent: &mut Sent) -> Result<()> {
    for (order, (body, id)) in sent.iter_mut() {
        let answer = eventually(&format!("{order} to be answered"), || async {
            let answer = api.post("/v1/payments", order, body).await?;
            Ok((answer.status != 409 && !answer.status.is_server_error()).then_some(answer))
        })
        .await?;
        ensure!(answer.status.is_success(), "{order}: {answer:?}");
        let again = id_of(&answer.body).context("an answer has an id")?;
        ensure!(
            id.as_ref().is_none_or(|first| *first == again),
            "{order} was {id:?} and is {again}"
        );
        *id = Some(again);
    }
    Ok(())
}

/// One round: load, a kill at a seeded instant, the way back, and everything again.
async fn round(platform: &mut Platform, rng: &mut StdRng, name: &str, victim: Victim) -> Result<Sent> {
    let api = platform.api()?;
    let partner = partner_with_contract(&api, "kill", &contract_terms(100_000)).await?;
    let stop = Arc::new(AtomicBool::new(false));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|n| {
            tokio::spawn(client(
                api.clone(),
                partner.clone(),
                format!("{name}-{n}"),
                Arc::clone(&stop),
            ))
        })
        .collect();
    // The instant of the kill is what the round is about.
    tokio::time::sleep(Duration::from_millis(rng.random_range(20..1_500))).await;
    match victim {
        Victim::Platform => platform.kill("up")?,
        Victim::Database => {
            let pid = platform
                .postgres_pid()
                .and_then(Pid::from_raw)
                .context("the database server runs")?;
            kill_process(pid, Signal::KILL)?;
        }
    }
    stop.store(true, Ordering::Relaxed);
    let mut sent = Sent::new();
    for client in clients {
        sent.extend(client.await?);
    }
    platform.start_all().await?;
    repeat(&platform.api()?, &mut sent).await?;
    Ok(sent)
}

#[derive(Clone, Copy, PartialEq)]
enum Victim {
    Platform,
    Database,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_or_doubled_by_a_kill() -> Result<()> {
    let seed = setting("JEONGSAN_SEED", 20_261_122);
    let mut rng = StdRng::seed_from_u64(seed);
    let mut platform = Platform::start(Mode::One).await?;
    let mut sent = Sent::new();
    let rounds = [
        (Victim::Platform, setting("JEONGSAN_KILL_ROUNDS", 4)),
        (Victim::Database, setting("JEONGSAN_POSTGRES_KILL_ROUNDS", 2)),
    ];
    for (victim, count) in rounds {
        for n in 0..count {
            let name = format!("{}{n}", if victim == Victim::Platform { "p" } else { "d" });
            sent.extend(
                round(&mut platform, &mut rng, &name, victim)
                    .await
                    .with_context(|| format!("round {name} of seed {seed}:\n{}", platform.log_tail()))?,
            );
            platform
                .verify()
                .await
                .with_context(|| format!("round {name} of seed {seed}"))?;
        }
    }
    let api = platform.api()?;
    eventually("all payments to be completed", || async {
        Ok(api
            .list("/v1/payments?status=processing")
            .await?
            .is_empty()
            .then_some(()))
    })
    .await?;
    let kept = api.list("/v1/payments").await?;
    ensure!(
        kept.len() == sent.len(),
        "{} payments were sent and {} are kept",
        sent.len(),
        kept.len()
    );
    for payment in &kept {
        let order = payment
            .get("order_reference")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let known = sent.get(order).and_then(|(_, id)| id.clone());
        ensure!(known == id_of(payment), "{order}: {payment}");
    }
    let through_the_network = sent
        .values()
        .filter(|(body, _)| body["connector"] == "simulator")
        .count();
    let charged = platform.direct(10).get("/network/v1/journal/count").await?;
    ensure!(
        charged.get("captured").and_then(Value::as_u64) == u64::try_from(through_the_network).ok(),
        "{through_the_network} payments went through the network, which took money {charged} times"
    );
    println!(
        "{} payments, {} of them through the network, seed {seed}",
        sent.len(),
        through_the_network
    );
    platform.verify().await
}
