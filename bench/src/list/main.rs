//! Measures the list of payments with ten million of them: filters, orders, the first page and deep ones. Asserts that
//! every page is right; no speed.

mod asking;
mod cases;
mod figures;
mod page;
mod seed;
mod walk;

use std::time::Instant;

use anyhow::{Context, Result, ensure};
use bench::server::Server;
use clap::Parser;
use e2e::{Mode, Platform};

use crate::asking::{Asker, Spread};
use crate::cases::Case;
use crate::figures::Row;

/// Measures pages of the list of payments.
#[derive(Parser)]
struct Wanted {
    /// How many payments there are.
    #[arg(long, default_value_t = 10_000_000, value_parser = clap::value_parser!(i64).range(1_000..=100_000_000))]
    payments: i64,
    /// How far each list is walked, in pages of 100.
    #[arg(long, default_value_t = 10_000, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pages: u32,
    /// How often each place is asked for by one client, and by eight together.
    #[arg(long, default_value_t = 200, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    samples: u32,
    /// Only lists whose name contains this.
    #[arg(long)]
    only: Option<String>,
}

/// Whoever answers a list, and whoever says who may ask.
const PARTS: &[&[&str]] = &[&["gateway", "payment", "user", "partner"]];

/// How many ask at once, besides one alone.
const CLIENTS: usize = 8;

// One thread: whoever asks must not take the processors from what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let wanted = Wanted::parse();
    ensure!(
        std::env::var_os("JEONGSAN_BIN").is_some(),
        "JEONGSAN_BIN says which binary is measured; bench/list builds one and sets it"
    );
    println!("starting the platform");
    let platform = Platform::start(Mode::Parts(PARTS)).await?;
    let mut server = Server::of(&platform).await?;
    server.check_durability(platform.data_dir()).await?;
    let begin = Instant::now();
    seed::payments(&mut server, wanted.payments).await?;
    println!("seeded in {} s", begin.elapsed().as_secs());

    let cases = cases::all(server.payments(), wanted.payments).await?;
    let is_wanted = |case: &&Case| {
        let only = wanted.only.as_deref();
        only.is_none_or(|part| case.name.contains(part))
    };
    let asker = Asker::new(platform.base_port(), &platform.api()?);
    let mut rows = Vec::new();
    for case in cases.iter().filter(is_wanted) {
        let row = measure(&asker, &mut server, case, &wanted)
            .await
            .with_context(|| format!("{}: {}", case.name, case.query()))?;
        println!("{row}");
        rows.push(row);
    }
    println!("\n{}", figures::table(&rows));
    Ok(())
}

async fn measure(asker: &Asker, server: &mut Server, case: &Case, wanted: &Wanted) -> Result<Row> {
    let (pages, samples) = (usize::try_from(wanted.pages)?, usize::try_from(wanted.samples)?);
    let walked = walk::walk(asker, case, pages).await?;
    if walked.is_whole {
        let there = case.count(server.payments()).await?;
        ensure!(
            there == walked.rows,
            "the pages have {} payments, and there are {there}",
            walked.rows
        );
    }
    let mut places = Vec::new();
    for spot in &walked.spots {
        let one = asker.ask(&spot.paths, 1, samples).await?;
        let many = asker.ask(&spot.paths, CLIENTS, samples).await?;
        places.push((spot.page, one, many));
    }
    Ok(Row {
        name: case.name.clone(),
        rows: walked.rows,
        is_whole: walked.is_whole,
        places,
        walk: Spread::of(walked.took_us),
    })
}
