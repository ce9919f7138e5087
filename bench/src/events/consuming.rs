//! A consumer of the platform at work.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use async_trait::async_trait;
use bus::{Consumer, Handler, Outbox, OutboxLog, Record, Refusal, Work};
use chassis::Transport as _;
use contracts::topics::PAYMENT_COMPLETED;
use kafka::KafkaTransport;
use tokio_util::sync::CancellationToken;

use crate::effects::{EFFECTS, Rows};
use crate::relaying::PATIENCE;

/// How often it is looked whether all is done.
const LOOK: Duration = Duration::from_millis(10);

/// What is done with each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// Nothing; that it was handled is written down all the same.
    Nothing,
    /// A row is written.
    Row,
}

/// A handler that notes when it was called first.
struct Timed {
    effect: Effect,
    first_at: OnceLock<Instant>,
}

#[async_trait]
impl Handler for Timed {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        self.first_at.get_or_init(Instant::now);
        match self.effect {
            Effect::Nothing => Ok(()),
            Effect::Row => write(work, records).await,
        }
    }
}

async fn write(work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
    let mut rows = Rows::default();
    for record in records {
        let event = record.event();
        rows.push(event.map_err(|error| Refusal::Never(error.to_string()))?);
    }
    Ok(rows.insert(work.conn()).await?)
}

/// Has a consumer of `service`, whose database is that of `own`, take in what the relay of `outbox` published. Returns
/// how long that took: from the first event in its hands until its database says that all were handled. Joining the
/// group comes before.
pub async fn consume(
    service: &'static str,
    effect: Effect,
    own: &Outbox,
    outbox: &Outbox,
    transport: &KafkaTransport,
    events: i64,
) -> Result<Duration> {
    sqlx::query(EFFECTS).execute(own.db().pool()).await?;
    let handler = Arc::new(Timed {
        effect,
        first_at: OnceLock::new(),
    });
    let log = transport.log(service, Arc::new(OutboxLog::new(outbox.clone())));
    let consumer = Consumer::new(log, PAYMENT_COMPLETED, own.clone(), Arc::<Timed>::clone(&handler));
    let stop = CancellationToken::new();
    let begin = Instant::now();
    let running = tokio::spawn(consumer.run(stop.clone()));
    while taken(own).await? < events {
        let took = begin.elapsed();
        ensure!(
            took < PATIENCE,
            "the consumer of {service} is still at it after {took:?}"
        );
        tokio::time::sleep(LOOK).await;
    }
    let took = handler.first_at.get().map(Instant::elapsed);
    stop.cancel();
    running.await?;
    check(own, effect, events).await?;
    took.context("the handler was never called")
}

/// How far it has come, in all partitions.
async fn taken(own: &Outbox) -> Result<i64> {
    let sum = sqlx::query_scalar(
        "select coalesce(sum(split_part(position, '.', 2)::bigint), 0)::bigint from bus.positions where log = 'kafka'",
    );
    Ok(sum.fetch_one(own.db().pool()).await?)
}

/// Each event was handled, once.
async fn check(own: &Outbox, effect: Effect, events: i64) -> Result<()> {
    let (handled, parked, effects): (i64, i64, i64) = sqlx::query_as(
        "select (select count(*) from bus.handled), (select count(*) from bus.parked), (select count(*) from effects)",
    )
    .fetch_one(own.db().pool())
    .await?;
    let rows = if effect == Effect::Row { events } else { 0 };
    ensure!(
        (handled, parked, effects) == (events, 0, rows),
        "of {events} events {handled} were handled, {parked} put aside, and {effects} rows written"
    );
    Ok(())
}
