//! Migrations while two versions run.
#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports a fault by panicking"
)]

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::pin::pin;
use std::time::Duration;

use postgres::{Db, DbOptions};
use sqlx::migrate::{Migrate, Migrator};

#[tokio::test]
async fn an_older_version_starts_on_a_database_that_a_newer_one_has_brought_further() {
    let database = testkit::Database::with("older", &[&bus::MIGRATOR]).await;
    let newer = &bus::MIGRATOR;
    assert!(newer.iter().count() > 1, "there is nothing newer");
    let older = Migrator {
        migrations: Cow::Owned(newer.iter().take(1).cloned().collect()),
        ignore_missing: newer.ignore_missing,
        locking: newer.locking,
        no_tx: newer.no_tx,
        table_name: newer.table_name.clone(),
        create_schemas: newer.create_schemas.clone(),
    };
    database.db().migrate(&older).await.unwrap();
}

#[tokio::test]
async fn a_copy_waits_for_the_migrations_of_another_however_long_they_take() {
    let database = testkit::Database::with("waiting", &[]).await;
    let mut at_it = database.db().pool().acquire().await.unwrap();
    at_it.lock().await.unwrap();
    let mut options = DbOptions::new(database.url(), "waiting");
    options.timeouts.lock = Duration::from_millis(20);
    let db = Db::connect(&options).await.unwrap();
    // Each try is a connection of its own: three have begun, so two have waited as long as they may.
    let give_way = async {
        let mut tries = BTreeSet::new();
        while tries.len() < 3 {
            let waiting = "select pid from pg_stat_activity where application_name = 'waiting' and wait_event_type = 'Lock'";
            let waiting: Vec<i32> = sqlx::query_scalar(waiting)
                .fetch_all(database.db().pool())
                .await
                .unwrap();
            tries.extend(waiting);
        }
        at_it.unlock().await.unwrap();
    };
    let mut migrating = pin!(db.migrate(&bus::MIGRATOR));
    tokio::select! {
        ended = &mut migrating => panic!("it did not wait: {ended:?}"),
        () = give_way => {}
    }
    migrating.await.unwrap();
    let made: i64 = sqlx::query_scalar("select count(*) from bus.outbox")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(made, 0);
}
