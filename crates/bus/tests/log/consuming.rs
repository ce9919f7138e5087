use std::sync::Arc;
use std::sync::atomic::Ordering;

use bus::{BusError, Cursor, OutboxLog, Progress};
use ids::PaymentId;
use testkit::event_log::{Scribe, Site as _, TOPIC, database, drain, effects, publish};

use crate::fixture::{Forged, HalfBroken, Scripted, consumer_of, open};

#[tokio::test]
async fn events_that_come_shuffled_and_twice_are_handled_in_order_and_once() {
    let database = database().await;
    let outbox = database.outbox();
    let (one, two) = (PaymentId::generate(), PaymentId::generate());
    publish(&outbox, &[one, one, one, two]).await;
    let log = Scripted::of(&outbox, &[2, 3, 1, 2, 0, 0, 1, 3]).await;
    let scribe = Scribe::new();
    let consumer = consumer_of(log, &outbox, &scribe);
    drain(&consumer).await;
    let all = effects(&outbox).await;
    let of = |payment: PaymentId| -> Vec<i64> {
        all.iter()
            .filter(|(aggregate, _)| *aggregate == payment.to_string())
            .map(|(_, n)| *n)
            .collect()
    };
    assert_eq!(of(one), [1, 2, 3]);
    assert_eq!(of(two), [1]);
}

#[tokio::test]
async fn an_effect_without_its_position_does_not_stay() {
    let site = open().await;
    let outbox = site.outbox();
    publish(&outbox, &[PaymentId::generate()]).await;
    let scribe = Scribe::new();
    // The position's row is held by a transaction that moves it: this copy comes too late.
    let mut other = outbox.begin().await.unwrap();
    sqlx::query(
        "insert into bus.positions (topic, partition, position) values ('payment-requested', 0, '0.0')",
    )
    .execute(other.conn())
    .await
    .unwrap();
    let late = site.consumer(&scribe);
    let late = tokio::spawn(async move { late.step().await.unwrap() });
    let first = site.consumer(&scribe);
    sqlx::query(
        "update bus.positions set position = (select format('%s.%s', xid, position) from bus.outbox)",
    )
    .execute(other.conn())
    .await
    .unwrap();
    other.commit().await.unwrap();
    assert!(matches!(
        late.await.unwrap(),
        Progress::Overtaken | Progress::Idle
    ));
    assert_eq!(first.step().await.unwrap(), Progress::Idle);
    assert_eq!(scribe.calls.load(Ordering::Relaxed), 0);
    assert!(effects(&outbox).await.is_empty());
    drop(Arc::clone(&scribe));
}

#[tokio::test]
async fn a_position_that_the_log_never_gave_out_is_refused() {
    let database = database().await;
    let outbox = database.outbox();
    publish(&outbox, &[PaymentId::generate()]).await;
    let log = OutboxLog::new(outbox);
    // As after a restore from an older copy: the reader is further than the server's transactions.
    let ahead: Cursor = "9000000000000000.1".parse().unwrap();
    let read = log.read(TOPIC, &ahead, 10).await;
    assert!(matches!(read, Err(BusError::Ahead { .. })), "{read:?}");
}

#[tokio::test]
async fn what_is_too_much_at_once_goes_through_in_parts() {
    let database = database().await;
    let outbox = database.outbox();
    let payments: Vec<PaymentId> = (0..40).map(|_| PaymentId::generate()).collect();
    publish(&outbox, &payments).await;
    let places: Vec<usize> = (0..40).collect();
    let log = Scripted::of(&outbox, &places).await;
    let scribe = Scribe::new();
    *scribe.appetite.lock().await = Some(9);
    let consumer = consumer_of(log, &outbox, &scribe);
    let mut failures = 0;
    while effects(&outbox).await.len() < 40 {
        if consumer.step().await.is_err() {
            failures += 1;
        }
    }
    assert!(failures > 0, "the first batch was to be too large");
}

#[tokio::test]
async fn a_partition_that_cannot_be_read_does_not_hold_up_the_others() {
    let database = database().await;
    let outbox = database.outbox();
    let payment = PaymentId::generate();
    publish(&outbox, &[payment, payment]).await;
    let log = Arc::new(HalfBroken(Scripted::of(&outbox, &[0, 1]).await));
    let consumer = consumer_of(log, &outbox, &Scribe::new());
    assert_eq!(consumer.step().await.unwrap(), Progress::Took(2));
    assert_eq!(effects(&outbox).await.len(), 2);
    // With nothing else to do, it is said.
    let idle = consumer.step().await;
    assert!(matches!(idle, Err(BusError::Broker(_))), "{idle:?}");
}

#[tokio::test]
async fn what_became_another_event_on_its_way_is_handled_as_it_was_published() {
    let database = database().await;
    let outbox = database.outbox();
    let payment = PaymentId::generate();
    publish(&outbox, &[payment, payment]).await;
    let log = Arc::new(Forged(Scripted::of(&outbox, &[0, 1]).await));
    let scribe = Scribe::new();
    *scribe.poisoned.lock().await = Some("forged".to_owned());
    let consumer = consumer_of(log, &outbox, &scribe);
    drain(&consumer).await;
    let expected = [(payment.to_string(), 1), (payment.to_string(), 2)];
    assert_eq!(effects(&outbox).await, expected);
    assert!(bus::dead::list(&outbox).await.unwrap().is_empty());
}
