//! Which place an event gets.

use bus::{Outbox, Work};
use testkit::event_log::{TOPIC, database, eventually, publish};

use crate::fixture::{
    arrived, assert_in_order, given, lease_runs_out, payments, places, progress_becomes, relay,
};
use crate::memory::Memory;

#[tokio::test]
async fn a_transaction_that_began_first_and_wrote_last_does_not_turn_the_order_round() {
    let database = database().await;
    let outbox = database.outbox();
    let broker = Memory::new();
    relay(&outbox, &broker).await;
    let payment = payments(1)[0];
    // It has the lower transaction id,
    let mut first = outbox.begin().await.unwrap();
    let touch = "insert into effects (aggregate, number) values ('touched', 1)";
    sqlx::query(touch).execute(first.conn()).await.unwrap();
    // and this one keeps the snapshots' lower end between the two writers of the payment.
    let mut older = outbox.begin().await.unwrap();
    sqlx::query(touch).execute(older.conn()).await.unwrap();
    publish(&outbox, &[payment]).await;
    // What is committed is not held back for them.
    arrived(&broker, 1).await;
    let event = contracts::events::PaymentRequested { payment_id: payment };
    first.publish(&event, chrono::DateTime::UNIX_EPOCH).unwrap();
    first.commit().await.unwrap();
    let sent = arrived(&broker, 2).await;
    assert_in_order(&sent);
    older.roll_back().await.unwrap();
}

#[tokio::test]
async fn what_is_committed_late_is_found_late() {
    let database = database().await;
    let outbox = database.outbox();
    let broker = Memory::new();
    relay(&outbox, &broker).await;
    let mut late = outbox.begin().await.unwrap();
    write_late(&mut late).await;
    publish(&outbox, &payments(8)).await;
    let before = arrived(&broker, 8).await;
    assert!(
        before
            .iter()
            .all(|sequenced| sequenced.record.aggregate != "late")
    );
    late.commit().await.unwrap();
    let sent = arrived(&broker, 9).await;
    assert_eq!(sent[8].record.aggregate, "late");
    assert_in_order(&sent);
}

#[tokio::test]
async fn partitions_are_numbered_without_gaps_under_many_writers() {
    let database = database().await;
    let outbox = database.outbox();
    let broker = Memory::new();
    relay(&outbox, &broker).await;
    let writers: Vec<_> = (0..6)
        .map(|_| {
            let (outbox, own) = (outbox.clone(), payments(3));
            tokio::spawn(async move {
                for _ in 0..30 {
                    publish(&outbox, &own).await;
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let sent = arrived(&broker, 540).await;
    assert_eq!(sent.len(), 540);
    assert_in_order(&sent);
    // The publisher's database says the same, and has each place once.
    let mut written = given(&outbox).await;
    let mut sent = places(&sent);
    written.sort_unstable();
    sent.sort_unstable();
    assert_eq!(written, sent);
}

#[tokio::test]
async fn a_hole_is_given_up_when_nobody_can_fill_it_any_more() {
    let database = database().await;
    let outbox = database.outbox();
    let broker = Memory::new();
    relay(&outbox, &broker).await;
    let holes = async || holes(&outbox).await;
    let mut running = outbox.begin().await.unwrap();
    write_late(&mut running).await;
    publish(&outbox, &payments(1)).await;
    arrived(&broker, 1).await;
    assert_eq!(eventually(holes, |holes| !holes.is_empty()).await, [(1, 1)]);
    // As long as the transaction runs, the hole stays,
    publish(&outbox, &payments(1)).await;
    arrived(&broker, 2).await;
    assert_eq!(holes().await, [(1, 1)]);
    running.roll_back().await.unwrap();
    publish(&outbox, &payments(1)).await;
    eventually(holes, Vec::is_empty).await;
    assert_in_order(&arrived(&broker, 3).await);
}

#[tokio::test]
async fn a_hole_that_one_relay_left_is_looked_into_by_the_next() {
    let database = database().await;
    let outbox = database.outbox();
    let first = Memory::new();
    let relaying = relay(&outbox, &first).await;
    let mut late = outbox.begin().await.unwrap();
    write_late(&mut late).await;
    publish(&outbox, &payments(5)).await;
    progress_becomes(&outbox, (5, 5)).await;
    relaying.abort();
    assert!(relaying.await.unwrap_err().is_cancelled());

    late.commit().await.unwrap();
    lease_runs_out(&outbox).await;
    let next = Memory::new();
    relay(&outbox, &next).await;
    let sent = arrived(&next, 1).await;
    assert_eq!(sent[0].record.aggregate, "late");
    eventually(async || holes(&outbox).await, Vec::is_empty).await;
}

/// Has a transaction publish something outside of its commit.
async fn write_late(work: &mut Work) {
    sqlx::query(
        "insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
         values ($1, 'late', 1, '{}', '', now())",
    )
    .bind(TOPIC.name)
    .execute(work.conn())
    .await
    .unwrap();
}

async fn holes(outbox: &Outbox) -> Vec<(i64, i64)> {
    sqlx::query_as("select first, last from bus.holes order by first")
        .fetch_all(outbox.db().pool())
        .await
        .unwrap()
}
