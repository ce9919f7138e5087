//! The platform's relay at work.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use bus::{Outbox, Relay};
use chassis::Transport as _;
use contracts::topics;
use kafka::KafkaTransport;
use lease::{Lease, Options};
use tokio_util::sync::CancellationToken;

/// How often it is looked whether all is done.
const LOOK: Duration = Duration::from_millis(10);
/// How long a phase may take.
pub const PATIENCE: Duration = Duration::from_mins(10);

/// Has a relay publish what stands in `outbox`, under a lease as always. Returns how long that took: from the start
/// until its database says that the broker has acknowledged everything.
pub async fn relay(outbox: &Outbox, transport: &KafkaTransport, events: i64) -> Result<Duration> {
    // Topics are made once, when an installation is new.
    for topic in topics::ALL {
        transport.broker("payment").partitions(*topic).await?;
    }
    let relay = Arc::new(Relay::new("payment", outbox.clone(), transport.broker("payment")));
    let lease = Lease::new(outbox.db().clone(), "relay", Options::default());
    let stop = CancellationToken::new();
    let begin = Instant::now();
    let leading = tokio::spawn(lease.lead(stop.clone(), move |term, stop| {
        let relay = Arc::clone(&relay);
        async move { relay.run(term, stop).await }
    }));
    let mut took = begin.elapsed();
    while published(outbox).await? < events {
        ensure!(took < PATIENCE, "the relay is still at it after {took:?}");
        tokio::time::sleep(LOOK).await;
        took = begin.elapsed();
    }
    let took = begin.elapsed();
    stop.cancel();
    leading.await?;
    Ok(took)
}

async fn published(outbox: &Outbox) -> Result<i64> {
    let sum = sqlx::query_scalar("select coalesce(sum(published), 0)::bigint from bus.partitions");
    Ok(sum.fetch_one(outbox.db().pool()).await?)
}
