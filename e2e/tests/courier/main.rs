//! What a bad courier does to events on their way changes nothing in the end.
//!
//! Each service has topics of its own, by a prefix, and a courier carries every event from its publisher's topics to those of the
//! services that listen. An honest one carries them as they are. A bad one delivers a fifth of them twice, shuffles them
//! across aggregates, loses one in a hundred (the last of an aggregate among them) and a quarter of the watermarks, and
//! spoils one in a thousand. The services cannot know; what they have in the end is the same, row by row.
//!
//! `JEONGSAN_COURIER_PAYMENTS=20000 cargo test -p e2e --test courier` takes longer.

#![allow(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reports a fault by panicking"
)]

mod carrying;
mod load;
mod state;

use std::time::Duration;

use anyhow::{Result, ensure};
use carrying::{Courier, Manners};
use e2e::{Mode, Platform, within};
use servers::{Kafka, KafkaShape};
use state::State;

const SEED: u64 = 20_261_126;
/// How long services may take until everything is handled.
const PATIENCE: Duration = Duration::from_mins(5);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bad_courier_changes_nothing_in_the_end() -> Result<()> {
    let payments = std::env::var("JEONGSAN_COURIER_PAYMENTS").map_or(Ok(1_500), |text| text.parse())?;
    let kafka = Kafka::start(KafkaShape::KraftOne).await?;
    let clean = run(&kafka, "honest", Manners::HONEST, payments).await?;
    let state = run(&kafka, "bad", Manners::BAD, payments).await?;
    println!(
        "{payments} payments, {} rows: {} after an honest courier, {} after a bad one",
        clean.rows.len(),
        clean.hash(),
        state.hash()
    );
    ensure!(clean.hash() == state.hash(), "{}", clean.difference(&state));
    Ok(())
}

/// A platform of its own, paid by the same clients; what its services have in the end.
async fn run(kafka: &Kafka, name: &str, manners: Manners, payments: u64) -> Result<State> {
    let courier = Courier::start(&kafka.bootstrap(), name, manners, SEED).await?;
    let prefix = format!("{name}.{{service}}.");
    let bootstrap = kafka.bootstrap();
    let platform = Platform::start_with(
        Mode::Split,
        &[
            ("events.transport", "kafka"),
            ("kafka.brokers", &bootstrap),
            ("kafka.prefix", &prefix),
            ("kafka.partitions", &carrying::PARTITIONS.to_string()),
            ("kafka.replication", "1"),
            ("kafka.min_insync", "1"),
        ],
    )
    .await?;
    let api = platform.api()?;
    load::run(&api, SEED, payments).await?;
    let rest = || State::of(&platform, payments);
    let state = within(PATIENCE, "everything to be handled and settled", rest)
        .await
        .map_err(|error| error.context(platform.log_tail()))?;
    platform.verify().await?;
    let carried = courier.stop()?;
    println!("{name}: {carried:?}");
    ensure!(
        carried.is_as_told(manners),
        "the courier did not do much: {carried:?}"
    );
    Ok(state)
}
