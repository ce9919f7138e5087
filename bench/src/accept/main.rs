//! Measures how many payments the platform accepts, beside the floor: the same rows, written by SQL alone into the
//! same server. Asserts that nothing acknowledged is missing; no speed.

mod floor;
mod kills;
mod lag;
mod rounds;
mod soak;
mod stage;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;

use crate::floor::Floor;
use crate::lag::Lag;
use crate::rounds::{Half, Round, Rounds};
use crate::stage::Stage;
use bench::load::{Load, Paid};
use bench::market::{Market, Shape, Through};
use bench::server::Server;

/// Measures accepted payments per second against what the database server can write at most.
#[derive(Parser)]
struct Wanted {
    /// How long each round lasts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many rounds of each kind are run for each number of clients.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many clients there are at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1_u16, 16, 64], value_parser = clap::value_parser!(u16).range(1..=100))]
    clients: Vec<u16>,
    /// Gateway and payment service as processes of their own, in place of one for both.
    #[arg(long)]
    split: bool,
    /// The consumers of the events run while payments are taken; otherwise they are started at the end.
    #[arg(long)]
    consumers: bool,
    /// All payments are of one partner, in place of twenty.
    #[arg(long)]
    one_partner: bool,
    /// How payments are paid. The simulated network is asked between two durable steps.
    #[arg(long, value_enum, default_value_t = Through::External)]
    through: Through,
    /// In place of rounds: so often the payment service's process is killed under load.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u32).range(0..=1000))]
    kills: u32,
    /// At the end payments are taken for so long, as fast as they are answered, and the memory is looked at.
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u64).range(0..=3600))]
    soak_seconds: u64,
}

// One thread: the load generator must not take the processors from what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let wanted = Wanted::parse();
    ensure!(
        std::env::var_os("JEONGSAN_BIN").is_some(),
        "JEONGSAN_BIN says which binary is measured; bench/accept builds one and sets it"
    );
    let pgbench = floor::pgbench()?;
    println!("starting the platform");
    let mut stage = Stage::start(wanted.split, wanted.consumers, wanted.through).await?;
    let mut server = Server::of(&stage.platform).await?;
    server.check_durability(stage.platform.data_dir()).await?;

    let api = stage.platform.api()?;
    let shape = if wanted.one_partner {
        Shape::One
    } else {
        Shape::Spread
    };
    let market = Market::open(&api, shape).await?;
    let mut lag = Lag::connect(&server).await?;
    let mut load = Load::new(stage.platform.base_port(), &api, market);
    let length = Duration::from_secs(wanted.seconds);
    if wanted.kills > 0 {
        load = load.paid(wanted.through);
        let clients = wanted.clients.iter().copied().max().unwrap_or(1);
        let acknowledged = kills::run(&mut stage, &server, &load, clients, wanted.kills).await?;
        println!("{acknowledged} payments were acknowledged, and each is in the database once");
        stage.consume(&api).await?;
        return proved(&stage).await;
    }

    // The first payments warm caches and pools; the first of all is the model of the floor's rows.
    let mut acknowledged = accepted(&load.run(4, Duration::from_secs(1)).await?)?;
    lag.wait().await?;
    let floor = Floor::prepare(&mut server, pgbench, stage.platform.data_dir()).await?;

    if wanted.through != Through::External {
        load = load.paid(wanted.through);
        acknowledged += accepted(&load.run(4, Duration::from_secs(1)).await?)?;
    }
    let mut rounds = Rounds::default();
    let mut written_by_floor = 0;
    for round in 1..=wanted.rounds {
        for &clients in &wanted.clients {
            // Each round begins with the same debt of pages to write in full.
            server.checkpoint().await?;
            let by_floor = floor.run(clients, length).await?;
            written_by_floor += by_floor.transactions;
            server.checkpoint().await?;
            let before = stage.used()?;
            let paid = load.run(clients, length).await?;
            let used = stage::spent(&before, &stage.used()?, paid.accepted);
            acknowledged += accepted(&paid)?;
            println!(
                "round {round}, {clients} clients: floor {}/s, payments {}/s, p50 {} us, p99 {} us; CPU us a payment: {used}",
                by_floor.per_second,
                paid.per_second,
                paid.percentile_us(50),
                paid.percentile_us(99),
            );
            rounds.add(clients, Round::of(&by_floor, &paid));
            // The next round must find an idle platform, so this one's debt is measured and waited for.
            if wanted.consumers {
                let behind = lag.now().await?;
                let status = api.get("/v1/settlement-status").await?;
                let payments_lag = status
                    .get("payments_lag")
                    .unwrap_or(&serde_json::Value::Null)
                    .clone();
                let debt = lag.wait().await?;
                println!(
                    "    {behind}, payments_lag {payments_lag}; caught up in {} ms",
                    debt.as_millis()
                );
            }
        }
    }
    println!("\n{rounds}");

    if let Some((clients, most)) = rounds.busiest() {
        let rate = most / 2;
        acknowledged += half(&wanted, &mut server, &mut lag, &load, clients, rate).await?;
        if wanted.soak_seconds > 0 {
            acknowledged +=
                soak::run(&stage, &load, clients, Duration::from_secs(wanted.soak_seconds)).await?;
        }
    }

    let floor_rows = floor.rows(&mut server).await?;
    ensure!(
        floor_rows == written_by_floor,
        "the floor wrote {floor_rows} payments, pgbench says {written_by_floor}"
    );
    server.compare(acknowledged).await?;
    println!("{acknowledged} payments were acknowledged, and as many are in the database");
    floor.remove(&mut server).await?;
    stage.consume(&api).await?;
    println!("caught up in {} ms", lag.wait().await?.as_millis());
    proved(&stage).await
}

/// Rounds of that rate, which is less than the platform can do; returns how many payments were acknowledged.
async fn half(
    wanted: &Wanted,
    server: &mut Server,
    lag: &mut Lag,
    load: &Load,
    clients: u16,
    rate: u64,
) -> Result<u64> {
    let mut acknowledged = 0;
    let mut rounds = Vec::new();
    for round in 1..=wanted.rounds {
        server.checkpoint().await?;
        let paid = load
            .run_at(rate, clients, Duration::from_secs(wanted.seconds))
            .await?;
        acknowledged += accepted(&paid)?;
        let one = Half::of(&paid);
        println!("half load, round {round}: {one}");
        rounds.push(one);
        if wanted.consumers {
            lag.wait().await?;
        }
    }
    println!("at half load of {clients} clients: {}", Half::median(&rounds));
    Ok(acknowledged)
}

async fn proved(stage: &Stage) -> Result<()> {
    stage
        .platform
        .verify()
        .await
        .context("the platform does not agree with itself")?;
    println!("jeongsan verify found nothing");
    Ok(())
}

/// How many were accepted; an error if any was not.
fn accepted(paid: &Paid) -> Result<u64> {
    ensure!(
        paid.refused == 0 && paid.accepted > 0,
        "{} requests were not accepted: {}",
        paid.refused,
        paid.refusals()
    );
    Ok(paid.accepted)
}
