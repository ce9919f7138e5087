//! Migrations while two versions run.
#![allow(clippy::unwrap_used, reason = "a test reports a fault by panicking")]

use std::borrow::Cow;

use sqlx::migrate::Migrator;

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
