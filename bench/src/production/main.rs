//! Measures the platform as production runs it: a process a service, PostgreSQL, Kafka between them. Asserts that
//! nothing acknowledged is missing from the databases and the books; no speed.

mod databases;
mod starting;

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use bench::load::{Load, Paid};
use bench::market::{Market, Shape};
use bench::processes::{resident_mb, used};
use bench::server::Server;
use clap::Parser;
use e2e::PORTS;
use servers::{Kafka, KafkaShape};

use crate::databases::Databases;

/// Measures the platform as production runs it.
#[derive(Parser)]
struct Wanted {
    /// How long each load lasts.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
    /// With how many clients the most payments per second are looked for.
    #[arg(long, value_delimiter = ',', default_values_t = [16_u16, 64], value_parser = clap::value_parser!(u16).range(1..=100))]
    clients: Vec<u16>,
    /// How often each service is started.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    starts: u32,
    /// How many partitions each topic has.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=100))]
    partitions: u16,
    /// Three brokers instead of one.
    #[arg(long)]
    three_brokers: bool,
}

/// With how many clients half of the most is asked for.
const CALM_CLIENTS: u16 = 16;

// One thread: the load generator must not take the processors from what it measures.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let wanted = Wanted::parse();
    ensure!(
        std::env::var_os("JEONGSAN_BIN").is_some(),
        "JEONGSAN_BIN says which binary is measured; bench/production builds one and sets it"
    );
    println!("starting Kafka and the platform");
    let (shape, replication, min_insync) = if wanted.three_brokers {
        (KafkaShape::KraftThree, "3", "2")
    } else {
        (KafkaShape::KraftOne, "1", "1")
    };
    let kafka = Kafka::start(shape).await?;
    let mut platform = starting::platform(&[
        ("events.transport", "kafka"),
        ("kafka.brokers", &kafka.bootstrap()),
        ("kafka.partitions", &wanted.partitions.to_string()),
        ("kafka.replication", replication),
        ("kafka.min_insync", min_insync),
    ])
    .await?;
    let mut server = Server::of(&platform).await?;
    server.check_durability(platform.data_dir()).await?;
    let starts = starting::measure(&mut platform, wanted.starts).await?;

    let api = platform.api()?;
    let market = Market::open(&api, Shape::Spread).await?;
    let mut databases = Databases::connect(&server).await?;
    let load = Load::new(platform.base_port(), &api, market);
    let length = Duration::from_secs(wanted.seconds);
    let mut acknowledged = accepted(&load.run(4, Duration::from_secs(1)).await?)?;
    databases.caught_up().await?;

    let mut most = 0;
    for clients in wanted.clients {
        server.checkpoint().await?;
        let paid = load.run(clients, length).await?;
        acknowledged += accepted(&paid)?;
        let debt = databases.caught_up().await?;
        println!(
            "{clients} clients: {} payments/s; everything was handled {} ms later",
            paid.per_second,
            debt.as_millis()
        );
        most = most.max(paid.per_second);
    }

    server.checkpoint().await?;
    let since = databases.now().await?;
    let before = used(&platform, services())?;
    let paid = load.run_at(most / 2, CALM_CLIENTS, length).await?;
    acknowledged += accepted(&paid)?;
    databases.caught_up().await?;
    let after = used(&platform, services())?;
    let latencies = databases.latencies(since).await?;
    println!("\nat half of that, {} payments/s:", paid.per_second);
    println!(
        "from a payment's commit to its journal entry's: p50 {} ms, p99 {} ms, longest {} ms",
        millis(percentile(&latencies, 50)),
        millis(percentile(&latencies, 99)),
        millis(percentile(&latencies, 100)),
    );

    println!(
        "\n{:<14} | {:>8} | {:>15} | {:>11}",
        "", "start ms", "CPU ms/payment", "resident MB"
    );
    let mut all = 0;
    for (name, after) in &after {
        let micros =
            after.saturating_sub(before.get(name).copied().unwrap_or(0)) * 1_000 / paid.accepted.max(1);
        all += micros;
        let start = starts.get(name.as_str()).map_or(String::new(), u64::to_string);
        let resident = if PORTS.iter().any(|(service, _)| service == name) {
            resident_mb(&platform, name)?.to_string()
        } else {
            String::new()
        };
        println!(
            "{name:<14} | {start:>8} | {:>15} | {resident:>11}",
            thousandths(micros)
        );
    }
    println!("{:<14} | {:>8} | {:>15} |", "all", "", thousandths(all));

    server.compare(acknowledged).await?;
    databases.compare(acknowledged).await?;
    println!("\n{acknowledged} payments were acknowledged, and as many are in the database and in the books");
    platform
        .verify()
        .await
        .context("the platform does not agree with itself")?;
    println!("jeongsan verify found nothing");
    Ok(())
}

fn services() -> impl Iterator<Item = &'static str> {
    PORTS.iter().map(|(name, _)| *name)
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

/// The value that so many percent of the sorted ones are not above; 0 of none.
fn percentile(sorted: &[i64], percent: usize) -> i64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(0)
}

/// Microseconds as milliseconds, with one decimal.
fn millis(micros: i64) -> String {
    format!("{}.{}", micros / 1_000, micros.abs() % 1_000 / 100)
}

/// Thousandths with their two first decimals.
fn thousandths(micros: u64) -> String {
    format!("{}.{:02}", micros / 1_000, micros % 1_000 / 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values: Vec<i64> = (1..=200).collect();
        for (percent, expected) in [(0, 1), (50, 100), (99, 198), (100, 200)] {
            assert_eq!(percentile(&values, percent), expected, "{percent}");
        }
        assert_eq!(percentile(&[], 50), 0);
    }

    #[test]
    fn times_are_shown_in_milliseconds() {
        assert_eq!((millis(12_345), millis(999)), ("12.3".into(), "0.9".into()));
        assert_eq!(thousandths(1_239), "1.23");
    }
}
