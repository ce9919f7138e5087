//! What becomes of places that were given out, when a relay fails, dies, hangs or is succeeded.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bus::{Broker, Relay};
use testkit::event_log::{database, eventually, publish};
use tokio_util::sync::CancellationToken;

use crate::fixture::{
    arrived, assert_in_order, given, lease, lease_runs_out, payments, places, progress, progress_becomes,
    relay, relay_under, term,
};
use crate::memory::Memory;

#[tokio::test]
async fn of_two_relays_one_acts_and_the_other_goes_on_after_it() {
    let database = database().await;
    let outbox = database.outbox();
    let brokers = [Memory::new(), Memory::new()];
    let stops = [CancellationToken::new(), CancellationToken::new()];
    let mut copies = Vec::new();
    for (broker, stop) in brokers.iter().zip(&stops) {
        let broker = Arc::clone(broker) as Arc<dyn Broker>;
        let relay = Arc::new(Relay::new("payment", outbox.clone(), broker));
        let leading = lease(&outbox, Duration::from_secs(2)).lead(stop.clone(), move |term, stop| {
            let relay = Arc::clone(&relay);
            async move { relay.run(term, stop).await }
        });
        copies.push(tokio::spawn(leading));
    }
    let total = async || (brokers[0].sent().len(), brokers[1].sent().len());
    for _ in 0..20 {
        publish(&outbox, &payments(5)).await;
    }
    let (one, two) = eventually(total, |(one, two)| one + two >= 100).await;
    assert!(
        (one, two) == (100, 0) || (one, two) == (0, 100),
        "{one} and {two}"
    );
    let (leader, follower) = if one == 100 { (0, 1) } else { (1, 0) };

    stops[leader].cancel();
    publish(&outbox, &payments(5)).await;
    eventually(total, |(one, two)| one + two >= 105).await;
    copies.swap_remove(leader).await.unwrap();
    let all = [brokers[leader].sent(), brokers[follower].sent()].concat();
    assert_eq!(all.len(), 105, "an orderly succession repeats nothing");
    assert_in_order(&all);
    stops[follower].cancel();
}

#[tokio::test]
async fn what_was_numbered_and_not_sent_is_sent_under_its_number_by_the_next() {
    let database = database().await;
    let outbox = database.outbox();
    let dying = Memory::new();
    dying.close();
    let first = relay(&outbox, &dying).await;
    publish(&outbox, &payments(10)).await;
    progress_becomes(&outbox, (10, 0)).await;
    let given: BTreeSet<(i32, i64, String, i64)> = given(&outbox).await.into_iter().collect();
    first.abort();
    assert!(first.await.unwrap_err().is_cancelled());

    lease_runs_out(&outbox).await;
    let next = Memory::new();
    relay(&outbox, &next).await;
    let sent = arrived(&next, 10).await;
    assert_in_order(&sent);
    assert_eq!(places(&sent).into_iter().collect::<BTreeSet<_>>(), given);
    progress_becomes(&outbox, (10, 10)).await;
    assert!(dying.sent().is_empty());
}

#[tokio::test]
async fn a_relay_that_was_succeeded_while_it_hung_writes_nothing_more() {
    let database = database().await;
    let outbox = database.outbox();
    let hanging = Memory::new();
    hanging.close();
    let short = term(&outbox, Duration::from_millis(300)).await;
    let deposed = relay_under(short, &outbox, &hanging);
    publish(&outbox, &payments(10)).await;
    progress_becomes(&outbox, (10, 0)).await;

    let acting = Memory::new();
    relay(&outbox, &acting).await;
    publish(&outbox, &payments(5)).await;
    let sent = arrived(&acting, 15).await;
    assert_in_order(&sent);
    progress_becomes(&outbox, (15, 15)).await;

    hanging.open();
    // It ends by itself, and what it believes about the partitions stays with it.
    tokio::time::timeout(Duration::from_mins(1), deposed)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(progress(&outbox).await, (15, 15));
    // What it has sent meanwhile is known by its numbers to be a repeat.
    let known: BTreeSet<_> = places(&acting.sent()).into_iter().collect();
    let late: BTreeSet<_> = places(&hanging.sent()).into_iter().collect();
    assert_eq!(late.len(), 10);
    assert!(late.is_subset(&known), "{late:?}");
    publish(&outbox, &payments(5)).await;
    assert_in_order(&arrived(&acting, 20).await);
}

#[tokio::test]
async fn what_the_broker_did_not_take_is_sent_again_under_the_same_numbers() {
    let database = database().await;
    let outbox = database.outbox();
    let broker = Memory::new();
    broker.failures.store(3, Ordering::Relaxed);
    relay(&outbox, &broker).await;
    for _ in 0..4 {
        publish(&outbox, &payments(5)).await;
    }
    progress_becomes(&outbox, (20, 20)).await;
    let mut seen = BTreeSet::new();
    let mut sent = broker.sent();
    sent.retain(|sequenced| seen.insert((sequenced.partition, sequenced.record.event_id)));
    assert_eq!(sent.len(), 20);
    assert_in_order(&sent);
    let distinct: BTreeSet<_> = places(&broker.sent()).into_iter().collect();
    assert_eq!(distinct.len(), 20, "an event has one place for ever");
}
