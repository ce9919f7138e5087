//! Relays, and what became of what they relayed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Outbox, Relay, Sequenced};
use ids::PaymentId;
use lease::{Lease, Options, Term};
use testkit::event_log::eventually;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::memory::Memory;

pub fn lease(outbox: &Outbox, length: Duration) -> Lease {
    Lease::new(outbox.db().clone(), "relay", Options { length })
}

/// A term, as soon as it can be had.
pub async fn term(outbox: &Outbox, length: Duration) -> Term {
    let lease = lease(outbox, length);
    let taken = eventually(|| lease.take(), |taken| matches!(taken, Ok(Some(_)))).await;
    taken.unwrap().unwrap()
}

/// As if nobody had extended it for long.
pub async fn lease_runs_out(outbox: &Outbox) {
    sqlx::query("update lease.leases set expires_at = '-infinity'")
        .execute(outbox.db().pool())
        .await
        .unwrap();
}

/// Relays during `term`.
pub fn relay_under(term: Term, outbox: &Outbox, broker: &Arc<Memory>) -> JoinHandle<()> {
    let relay = Relay::new(
        "payment",
        outbox.clone(),
        Arc::clone(broker) as Arc<dyn bus::Broker>,
    );
    tokio::spawn(async move { relay.run(term, CancellationToken::new()).await })
}

/// Relays alone.
pub async fn relay(outbox: &Outbox, broker: &Arc<Memory>) -> JoinHandle<()> {
    relay_under(term(outbox, Duration::from_mins(10)).await, outbox, broker)
}

/// What has arrived, as soon as there is so much.
pub async fn arrived(broker: &Memory, count: usize) -> Vec<Sequenced> {
    let sent = async || broker.sent();
    eventually(sent, |sent| sent.len() >= count).await
}

/// Partition, sequence, aggregate and number of each event that was given a place, by the publisher's database.
pub async fn given(outbox: &Outbox) -> Vec<(i32, i64, String, i64)> {
    sqlx::query_as(
        "select p.partition, p.first + e.place - 1, o.aggregate, o.number
           from bus.placements p
          cross join unnest(p.positions) with ordinality as e (position, place)
           join bus.outbox o on o.position = e.position",
    )
    .fetch_all(outbox.db().pool())
    .await
    .unwrap()
}

/// How many events have their places, and how many of them are known to be safe.
pub async fn progress(outbox: &Outbox) -> (i64, i64) {
    sqlx::query_as(
        "select coalesce(sum(numbered), 0)::bigint, coalesce(sum(published), 0)::bigint from bus.partitions",
    )
    .fetch_one(outbox.db().pool())
    .await
    .unwrap()
}

pub async fn progress_becomes(outbox: &Outbox, expected: (i64, i64)) {
    eventually(|| progress(outbox), |seen| *seen == expected).await;
}

/// Partition, sequence, aggregate and number of each record.
pub fn places(sent: &[Sequenced]) -> Vec<(i32, i64, String, i64)> {
    sent.iter()
        .map(|Sequenced { partition, record }| {
            let sequence = record.cursor.sequence().unwrap();
            (*partition, sequence, record.aggregate.clone(), record.number)
        })
        .collect()
}

/// Checks that within each partition the sequences are 1, 2, 3, ..., and that each aggregate stands in one of them, in
/// its order.
#[track_caller]
pub fn assert_in_order(sent: &[Sequenced]) {
    let mut ends: BTreeMap<i32, i64> = BTreeMap::new();
    let mut aggregates: BTreeMap<String, (i32, i64)> = BTreeMap::new();
    for (partition, sequence, aggregate, number) in places(sent) {
        let end = ends.entry(partition).or_default();
        *end += 1;
        assert_eq!(sequence, *end, "in partition {partition}");
        let (own, last) = aggregates.entry(aggregate).or_insert((partition, 0));
        *last += 1;
        assert_eq!((*own, *last), (partition, number));
    }
}

pub fn payments(count: usize) -> Vec<PaymentId> {
    (0..count).map(|_| PaymentId::generate()).collect()
}
