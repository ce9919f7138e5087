//! Measures how many payments the platform accepts, beside the floor: the same rows, written by SQL alone into the
//! same server. Asserts that nothing acknowledged is missing; no speed.

mod floor;
mod lag;
mod rounds;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use clap::Parser;
use e2e::{Mode, Platform};

use crate::floor::Floor;
use crate::lag::Lag;
use crate::rounds::Rounds;
use bench::load::Load;
use bench::market::Market;
use bench::server::Server;

/// Measures accepted payments per second against what the database server can write at most.
#[derive(Parser)]
struct Wanted {
    /// How long each round lasts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// How many rounds of each kind are run for each number of clients.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many clients there are at once.
    #[arg(long, value_delimiter = ',', default_values_t = [1_u16, 16, 64], value_parser = clap::value_parser!(u16).range(1..=100))]
    clients: Vec<u16>,
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
    let platform = Platform::start(Mode::One).await?;
    let mut server = Server::of(&platform).await?;
    server.check_durability(platform.data_dir()).await?;

    let api = platform.api()?;
    let market = Market::open(&api).await?;
    let mut lag = Lag::connect(&server).await?;
    let load = Load::new(platform.base_port(), &api, market);
    let length = Duration::from_secs(wanted.seconds);

    // The first payments warm caches and pools; the first of all is the model of the floor's rows.
    let warm = load.run(4, Duration::from_secs(1)).await?;
    ensure!(warm.accepted > 0, "no payment was accepted: {}", warm.refusals());
    lag.wait().await?;
    let floor = Floor::prepare(&mut server, pgbench, platform.data_dir()).await?;

    let mut rounds = Rounds::default();
    let mut acknowledged = warm.accepted;
    let mut written_by_floor = 0;
    for round in 1..=wanted.rounds {
        for &clients in &wanted.clients {
            // Each round begins with the same debt of pages to write in full.
            server.checkpoint().await?;
            let by_floor = floor.run(clients, length).await?;
            written_by_floor += by_floor.transactions;
            server.checkpoint().await?;
            let paid = load.run(clients, length).await?;
            acknowledged += paid.accepted;
            ensure!(
                paid.refused == 0,
                "{} requests were not accepted: {}",
                paid.refused,
                paid.refusals()
            );
            // The next round must find an idle platform, so this one's debt is measured and waited for.
            let behind = lag.now().await?;
            let status = api.get("/v1/settlement-status").await?;
            let debt = lag.wait().await?;
            println!(
                "round {round}, {clients} clients: floor {}/s, payments {}/s; then {behind}, payments_lag {}; \
                 caught up in {} ms",
                by_floor.per_second,
                paid.per_second,
                status.get("payments_lag").unwrap_or(&serde_json::Value::Null),
                debt.as_millis()
            );
            rounds.add(clients, by_floor.per_second, paid.per_second);
        }
    }

    println!("\n{rounds}");
    let floor_rows = floor.rows(&mut server).await?;
    ensure!(
        floor_rows == written_by_floor,
        "the floor wrote {floor_rows} payments, pgbench says {written_by_floor}"
    );
    server.compare(acknowledged).await?;
    println!("{acknowledged} payments were acknowledged, and as many are in the database");
    floor.remove(&mut server).await?;
    platform
        .verify()
        .await
        .context("the platform does not agree with itself")?;
    println!("jeongsan verify found nothing");
    Ok(())
}
