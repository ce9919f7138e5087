use std::sync::Arc;
use std::sync::atomic::Ordering;

use bus::Progress;
use ids::PaymentId;

use crate::fixture::{Scribe, Scripted, consumer, consumer_of, database, drain, effects, publish};

#[tokio::test]
async fn what_was_handled_is_not_handled_again() {
    let database = database().await;
    let outbox = database.outbox();
    let payment = PaymentId::generate();
    publish(&outbox, &[payment, payment]).await;
    let scribe = Scribe::new();
    let consumer = consumer(&outbox, &scribe);
    drain(&consumer).await;
    assert_eq!(consumer.step().await.unwrap(), Progress::Idle);
    assert_eq!(effects(&outbox).await.len(), 2);
}

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
async fn two_copies_of_a_consumer_write_every_effect_once() {
    let database = database().await;
    let outbox = database.outbox();
    for _ in 0..30 {
        publish(&outbox, &[PaymentId::generate(), PaymentId::generate()]).await;
    }
    let scribe = Scribe::new();
    let copies: Vec<_> = (0..4)
        .map(|_| {
            let consumer = consumer(&outbox, &scribe);
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

#[tokio::test]
async fn an_effect_without_its_position_does_not_stay() {
    let database = database().await;
    let outbox = database.outbox();
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
    let late = consumer(&outbox, &scribe);
    let late = tokio::spawn(async move { late.step().await.unwrap() });
    let first = consumer(&outbox, &scribe);
    sqlx::query("update bus.positions set position = '999999999.999999999'")
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
