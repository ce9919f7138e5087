//! Whatever Kafka does to the records, the effects are those of a log that does nothing to them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bus::{Broker, Consumer, Feed, Handler, Outbox, OutboxLog};
use chassis::Transport as _;
use ids::PaymentId;
use kafka::KafkaTransport;
use testkit::event_log::{Scribe, TOPIC, database, drain, eventually, publish};
use tokio_util::sync::CancellationToken;

use crate::chaos::{Chaos, Counted};
use crate::cluster;
use crate::site::{SERVICE, relay};

const PAYMENTS: usize = 4_000;
const EVENTS_EACH: i64 = 5;
const SEED: u64 = 20_261_126;

/// What was written, and in which order for each aggregate.
async fn fingerprint(outbox: &Outbox) -> (i64, String) {
    sqlx::query_as(
        "select count(*), coalesce(md5(string_agg(aggregate || ':' || number, ',' order by aggregate, place)), '')
           from effects",
    )
    .fetch_one(outbox.db().pool())
    .await
    .unwrap()
}

fn consumer(log: Arc<dyn bus::EventLog>, outbox: Outbox) -> Consumer {
    Consumer::new(log, TOPIC, outbox, Scribe::new() as Arc<dyn Handler>)
}

#[tokio::test]
async fn what_is_dropped_doubled_shuffled_and_spoilt_leaves_the_effects_as_they_are() {
    let (publisher, clean, healed) = (database().await, database().await, database().await);
    let prefix = cluster::prefix();
    let options = cluster::options(&prefix, 6);
    let kafka = KafkaTransport::new(options.clone()).broker(SERVICE);
    let chaos = Chaos::new(kafka, cluster::bootstrap(), &prefix, EVENTS_EACH, SEED);
    let _relay = relay(publisher.outbox(), Arc::clone(&chaos) as Arc<dyn Broker>);

    let feed = Arc::new(Counted {
        outbox: OutboxLog::new(publisher.outbox()),
        fetched: AtomicUsize::new(0),
    });
    let stop = CancellationToken::new();
    let copies: Vec<_> = (0..2)
        .map(|_| {
            let transport = KafkaTransport::new(options.clone());
            let log = transport.log(SERVICE, Arc::clone(&feed) as Arc<dyn Feed>);
            tokio::spawn(consumer(log, healed.outbox()).run(stop.clone()))
        })
        .collect();

    let payments: Vec<PaymentId> = (0..PAYMENTS).map(|_| PaymentId::generate()).collect();
    for _ in 0..EVENTS_EACH {
        for some in payments.chunks(500) {
            publish(&publisher.outbox(), some).await;
        }
    }
    drain(&consumer(
        Arc::new(OutboxLog::new(publisher.outbox())),
        clean.outbox(),
    ))
    .await;
    let expected = fingerprint(&clean.outbox()).await;
    assert_eq!(expected.0, i64::try_from(PAYMENTS).unwrap() * EVENTS_EACH);

    let seen = async || fingerprint(&healed.outbox()).await;
    eventually(seen, |seen| seen.0 >= expected.0).await;
    assert_eq!(seen().await, expected);

    stop.cancel();
    for copy in copies {
        copy.await.unwrap();
    }
    let fetched = feed.fetched.load(Ordering::Relaxed);
    let done = &chaos.done;
    println!("{done:?}, {fetched} fetched from their publisher");
    for (what, count) in [
        ("dropped", &done.dropped),
        ("last dropped", &done.dropped_last),
        ("watermarks dropped", &done.dropped_marks),
        ("doubled", &done.doubled),
        ("spoilt", &done.spoilt),
    ] {
        assert!(count.load(Ordering::Relaxed) > 0, "none was {what}");
    }
    let lost = done.dropped.load(Ordering::Relaxed) + done.spoilt.load(Ordering::Relaxed);
    assert!(fetched >= lost, "{fetched} were fetched, and {lost} lost");
}
