//! Each event once, in the order of its aggregate.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test reports a fault by panicking"
)]

use std::collections::BTreeMap;

use bus::{BusError, Cursor, OUTBOX, Places, Record};
use contracts::events::PaymentRequested;
use ids::PaymentId;

use super::{Scribe, Site, TOPIC, drain, effects, effects_of, eventually, publish};

/// Neither by the same copy nor by the next.
pub async fn what_was_handled_is_not_handled_again(site: &impl Site) {
    let outbox = site.outbox();
    let payment = PaymentId::generate();
    publish(&outbox, &[payment, payment]).await;
    let scribe = Scribe::new();
    for _ in 0..2 {
        let consumer = site.consumer(&scribe);
        drain(&consumer).await;
        drain(&consumer).await;
    }
    assert_eq!(effects(&outbox).await.len(), 2);
}

/// With everything that its publisher said.
pub async fn an_event_arrives_as_it_was_published(site: &impl Site) {
    let outbox = site.outbox();
    let payment = PaymentId::generate();
    publish(&outbox, &[payment]).await;
    // To the microsecond, with text that is not of ASCII, and without a trace.
    sqlx::query(
        "insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
         select topic, aggregate, 2, jsonb_set(payload, '{note}', '\"\\u20a9 1,000 \\ud83c\\udf59\"'), '',
                '2026-03-01 09:30:00.123456+09'
           from bus.outbox",
    )
    .execute(outbox.db().pool())
    .await
    .unwrap();
    let scribe = Scribe::new();
    drain(&site.consumer(&scribe)).await;
    let given = scribe.given.lock().await.clone();
    let told = |record: &Record| {
        (
            record.number,
            record.aggregate.clone(),
            record.event_id,
            record.payload.get().to_owned(),
            record.trace_parent.clone(),
            record.occurred_at,
        )
    };
    let written: Vec<(
        i64,
        String,
        uuid::Uuid,
        String,
        String,
        chrono::DateTime<chrono::Utc>,
    )> = sqlx::query_as(
        "select number, aggregate, event_id, payload::text, trace_parent, occurred_at
               from bus.outbox order by number",
    )
    .fetch_all(outbox.db().pool())
    .await
    .unwrap();
    assert_eq!(given.iter().map(told).collect::<Vec<_>>(), written);
    let first: PaymentRequested = given[0].event().unwrap();
    assert_eq!(first.payment_id, payment);
}

/// While they write.
pub async fn events_of_many_writers_are_handled_in_order_and_once(site: &impl Site) {
    let outbox = site.outbox();
    let payments: Vec<PaymentId> = (0..12).map(|_| PaymentId::generate()).collect();
    let writers: Vec<_> = payments
        .chunks(3)
        .map(|own| {
            let (outbox, own) = (outbox.clone(), own.to_vec());
            tokio::spawn(async move {
                for _ in 0..10 {
                    publish(&outbox, &own).await;
                }
            })
        })
        .collect();
    let scribe = Scribe::new();
    let consumer = site.consumer(&scribe);
    while writers.iter().any(|writer| !writer.is_finished()) {
        consumer.step().await.unwrap();
        tokio::task::yield_now().await;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    drain(&consumer).await;
    let mut handled: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (aggregate, number) in effects(&outbox).await {
        handled.entry(aggregate).or_default().push(number);
    }
    let in_order: Vec<i64> = (1..=10).collect();
    let expected = payments
        .iter()
        .map(|payment| (payment.to_string(), in_order.clone()));
    assert_eq!(handled, expected.collect());
}

/// However they come to share the log.
pub async fn copies_of_a_consumer_write_every_effect_once(site: &impl Site) {
    let outbox = site.outbox();
    for _ in 0..30 {
        publish(&outbox, &[PaymentId::generate(), PaymentId::generate()]).await;
    }
    let scribe = Scribe::new();
    let copies: Vec<_> = (0..4)
        .map(|_| {
            let consumer = site.consumer(&scribe);
            tokio::spawn(async move { drain(&consumer).await })
        })
        .collect();
    for copy in copies {
        copy.await.unwrap();
    }
    let mut all = effects(&outbox).await;
    assert_eq!(all.len(), 60);
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 60);
}

/// By what stands in the database.
pub async fn a_new_copy_goes_on_where_the_last_one_stopped(site: &impl Site) {
    let outbox = site.outbox();
    let payment = PaymentId::generate();
    for _ in 0..3 {
        publish(&outbox, &[payment, PaymentId::generate()]).await;
        let scribe = Scribe::new();
        drain(&site.consumer(&scribe)).await;
        assert_eq!(scribe.given.lock().await.len(), 2);
    }
    assert_eq!(effects_of(&outbox, payment).await, [1, 2, 3]);
}

/// Also from a reader that was told to begin anew.
pub async fn what_was_read_and_not_handled_comes_again(site: &impl Site) {
    let outbox = site.outbox();
    let payment = PaymentId::generate();
    publish(&outbox, &[payment, payment, payment]).await;
    let log = site.log();
    let reader = log.reader(TOPIC);
    let read = async || {
        let mut found = Vec::new();
        for partition in reader.partitions() {
            let records = reader.read(partition, &Cursor::start(), 10).await.unwrap();
            found.extend(records.into_iter().map(|record| record.number));
        }
        found
    };
    for _ in 0..2 {
        let found = eventually(&read, |found| found.len() == 3).await;
        assert_eq!(found, [1, 2, 3]);
    }
    // Beginning anew, it has nothing for a moment, where it does not read the outbox itself.
    reader.restart().await;
    if log.name() != OUTBOX {
        eventually(&read, Vec::is_empty).await;
    }
    let found = eventually(&read, |found| found.len() == 3).await;
    assert_eq!(found, [1, 2, 3]);
}

/// So 0 means that everything acknowledged was handled.
pub async fn what_is_published_is_behind_until_it_is_handled(site: &impl Site) {
    let outbox = site.outbox();
    let scribe = Scribe::new();
    let consumer = site.consumer(&scribe);
    assert_eq!(consumer.lag().await.unwrap(), 0);
    let payments: Vec<PaymentId> = (0..5).map(|_| PaymentId::generate()).collect();
    publish(&outbox, &payments).await;
    assert_eq!(consumer.lag().await.unwrap(), 5);
    drain(&consumer).await;
    assert_eq!(consumer.lag().await.unwrap(), 0);
    publish(&outbox, &payments[..2]).await;
    assert_eq!(consumer.lag().await.unwrap(), 2);
}

/// As after a restore of the publisher's database from an older copy: "nothing new" would be wrong for ever.
pub async fn a_position_that_the_log_never_gave_out_is_not_taken_for_its_end(site: &impl Site) {
    publish(&site.outbox(), &[PaymentId::generate()]).await;
    let places = Places::from([(0, site.behind_the_end())]);
    let lag = site.log().lag(TOPIC, &places).await;
    assert!(matches!(lag, Err(BusError::Ahead { .. })), "{lag:?}");
}
