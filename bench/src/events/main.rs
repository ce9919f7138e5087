//! Measures how many events per second the relay publishes into Kafka and a consumer takes in, beside what the client
//! library does alone with the same messages. Asserts that each event was handled once; no speed.

mod consuming;
mod effects;
mod figures;
mod outbox;
mod raw;
mod relaying;
mod site;

use anyhow::Result;
use bus::Outbox;
use chassis::Transport as _;
use clap::Parser;
use contracts::Topic;
use contracts::topics::{PAYMENT_COMPLETED, PAYMENT_FAILED};
use rdkafka::message::OwnedMessage;
use servers::KafkaShape;

use crate::consuming::{Effect, consume};
use crate::figures::{Figures, What, rate};
use crate::site::Site;

/// Measures the relay and consumers beside the client library alone.
#[derive(Parser)]
struct Wanted {
    /// How many events are published in each round.
    #[arg(long, default_value_t = 100_000, value_parser = clap::value_parser!(u32).range(1_000..=10_000_000))]
    events: u32,
    /// How many rounds there are.
    #[arg(long, default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=100))]
    rounds: u32,
    /// How many partitions each topic has.
    #[arg(long, default_value_t = 6, value_parser = clap::value_parser!(u16).range(1..=100))]
    partitions: u16,
    /// Three brokers instead of one: what is acknowledged is on two of them.
    #[arg(long)]
    three_brokers: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let wanted = Wanted::parse();
    let shape = if wanted.three_brokers {
        KafkaShape::KraftThree
    } else {
        KafkaShape::KraftOne
    };
    println!("starting Kafka and PostgreSQL");
    let site = Site::start(shape, wanted.partitions).await?;
    let mut figures = Figures::default();
    let mut messages = Vec::new();
    for round in 1..=wanted.rounds {
        measure(&site, round, wanted.events, &mut messages, &mut figures).await?;
    }
    println!("\n{figures}");
    site.stop().await
}

/// One round, on topics and databases of its own. `messages` are those of the first round, which the bare producer
/// sends in every round.
async fn measure(
    site: &Site,
    round: u32,
    events: u32,
    messages: &mut Vec<OwnedMessage>,
    figures: &mut Figures,
) -> Result<()> {
    let prefix = format!("round-{round}.");
    let name = |topic: Topic| format!("{prefix}{}", topic.name);
    let transport = site.transport(&prefix)?;
    let outbox = Outbox::new(site.database(&format!("published_{round}")).await?);
    outbox::fill(&outbox, usize::try_from(events)?).await?;
    let (count, events) = (u64::from(events), i64::from(events));

    let relay = rate(count, relaying::relay(&outbox, &transport, events).await?);
    if messages.is_empty() {
        *messages = blocking(site, name(PAYMENT_COMPLETED), |brokers, topic| {
            let mut messages = Vec::new();
            raw::read(brokers, topic, |message| {
                messages.push(message.detach());
                Ok(())
            })?;
            Ok(messages)
        })
        .await?;
    }
    // Nothing else is published on this topic here.
    transport.broker("payment").partitions(PAYMENT_FAILED).await?;
    let (sent, kept) = {
        let messages = std::mem::take(messages);
        blocking(site, name(PAYMENT_FAILED), move |brokers, topic| {
            let took = raw::send(brokers, topic, &messages)?;
            Ok((rate(u64::try_from(messages.len())?, took), messages))
        })
        .await?
    };
    *messages = kept;
    figures.add(What::Relay, relay, sent);

    let read = blocking(site, name(PAYMENT_COMPLETED), move |brokers, topic| {
        let first_at = raw::read(brokers, topic, |_| Ok(()))?;
        Ok(rate(count, first_at.elapsed()))
    })
    .await?;
    let plain = site.database(&format!("plain_{round}")).await?;
    let took = raw::read_and_write(site.brokers(), name(PAYMENT_COMPLETED), &plain).await?;
    let written = rate(count, took);
    plain.close().await;
    let mut taken = [0, 0];
    let consumers = [
        (What::Nothing, "settlement", Effect::Nothing),
        (What::Row, "accounting", Effect::Row),
    ];
    for (rate_of, (what, service, effect)) in taken.iter_mut().zip(consumers) {
        let own = Outbox::new(site.database(&format!("{service}_{round}")).await?);
        let took = consume(service, effect, &own, &outbox, &transport, events).await?;
        *rate_of = rate(count, took);
        figures.add(what, *rate_of, if effect == Effect::Row { written } else { read });
        own.db().close().await;
    }
    outbox.db().close().await;
    println!(
        "round {round}: relay {relay}/s, rdkafka sends {sent}/s; rdkafka reads {read}/s, \
         and with a row each {written}/s; consumers without effect and with a row each {taken:?}/s"
    );
    Ok(())
}

/// Runs what blocks its thread.
async fn blocking<T: Send + 'static>(
    site: &Site,
    topic: String,
    work: impl FnOnce(&str, &str) -> Result<T> + Send + 'static,
) -> Result<T> {
    let brokers = site.brokers();
    tokio::task::spawn_blocking(move || work(&brokers, &topic)).await?
}
