//! A database a test: migrated, alone, and gone afterwards.
#![allow(clippy::unwrap_used, reason = "what the tests share panics like the tests")]

use bus::MIGRATOR;
use contracts::events::PaymentCompleted;
use ids::PartnerId;
use testkit::{Database, events};

async fn kit() -> Database {
    Database::with("kit", &[&MIGRATOR, &once::MIGRATOR]).await
}

async fn published(database: &Database) -> i64 {
    sqlx::query_scalar("select count(*) from bus.outbox")
        .fetch_one(database.db().pool())
        .await
        .unwrap()
}

async fn publish(database: &Database, event: &PaymentCompleted) {
    let mut work = database.outbox().begin().await.unwrap();
    work.publish(event, event.sold_at).unwrap();
    work.commit().await.unwrap();
}

#[tokio::test]
async fn what_one_test_writes_another_does_not_see() {
    let (one, other) = tokio::join!(kit(), kit());
    let event = events::payment_completed(PartnerId::generate(), 1_000, chrono::DateTime::UNIX_EPOCH);
    publish(&one, &event).await;
    assert_eq!((published(&one).await, published(&other).await), (1, 0));
    one.assert_no_open_transaction().await;
}

#[tokio::test]
async fn a_dropped_database_is_gone() {
    let database = kit().await;
    let other = kit().await;
    let name = database.url().rsplit('/').next().unwrap().to_owned();
    drop(database);
    let left: i64 = sqlx::query_scalar("select count(*) from pg_database where datname = $1")
        .bind(name)
        .fetch_one(other.db().pool())
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_dropped_work_ends_its_transaction() {
    let database = kit().await;
    let mut work = database.outbox().begin().await.unwrap();
    sqlx::query("select 1").execute(work.conn()).await.unwrap();
    drop(work);
    database.assert_no_open_transaction().await;
}
