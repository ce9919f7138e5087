//! An acknowledged write stays, whatever happened to the connection before.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test reports a fault by panicking"
)]

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::task::Poll;

use postgres::{Db, DbOptions};

/// Drops `work` when it is still pending at its poll number `polls`, as a client that goes away does.
async fn cut_off(polls: usize, work: impl Future) {
    let mut work = pin!(work);
    let mut left = polls;
    poll_fn(|context| {
        if work.as_mut().poll(context).is_ready() || left == 0 {
            return Poll::Ready(());
        }
        left -= 1;
        Poll::Pending
    })
    .await;
}

/// The driver's pool gets a connection back with a stray open transaction when a future is cancelled inside `begin`:
/// the next plain write on it was answered `Ok` and then lost, about one in eight times. Here are many cancelled
/// requests, each followed by a write outside a transaction; every write that was answered must be there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_write_after_a_cancelled_begin_is_kept() {
    let database = testkit::Database::with("pool", &[]).await;
    let mut options = DbOptions::new(database.url(), "test");
    // One, so that the write meets the connection that was cut off.
    options.max_connections = 1;
    let db = Db::connect(&options).await.unwrap();
    sqlx::query("create table written (n integer primary key)")
        .execute(db.pool())
        .await
        .unwrap();

    let mut acknowledged = Vec::new();
    for n in 0..400_i32 {
        cut_off(usize::try_from(n % 12).unwrap(), db.begin()).await;
        if sqlx::query("insert into written values ($1)")
            .bind(n)
            .execute(db.pool())
            .await
            .is_ok()
        {
            acknowledged.push(n);
        }
    }
    // Another connection sees only what was committed.
    db.close().await;
    let witness = Db::connect(&options).await.unwrap();
    let kept: Vec<i32> = sqlx::query_scalar("select n from written order by n")
        .fetch_all(witness.pool())
        .await
        .unwrap();
    assert_eq!(acknowledged.len(), 400);
    assert_eq!(kept, acknowledged);
}
