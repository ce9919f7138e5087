//! A commit is answered with what is known of it.

use std::time::Duration;

use postgres::{Db, is_transient};

use crate::support::{cluster, fill, options, port, until, write};

/// A server that waits for a replica and is interrupted says OK. The limit of a statement does not interrupt it, and
/// our own limit closes the connection and cancels nothing.
#[tokio::test]
async fn a_commit_that_no_replica_confirmed_is_not_answered_with_ok() {
    let mut cluster = cluster().await;
    let mut short = options(&cluster, 2);
    short.timeouts.statement = Duration::from_millis(300);
    let db = Db::connect(&short).await.unwrap();
    write(&db, 1).await.unwrap();
    cluster.kill(1).unwrap();
    cluster.kill(2).unwrap();

    let error = write(&db, 2).await.unwrap_err();
    assert!(is_transient(&error), "{error}");
    assert!(error.to_string().contains("not known"), "{error}");
    // Not lost either: it was only that nobody knew.
    cluster.rejoin(1).await.unwrap();
    let count = "select count(*) from written where n = 2";
    until("the write is confirmed", async || {
        sqlx::query_scalar(count)
            .fetch_one(db.pool())
            .await
            .unwrap_or(0_i64)
            == 1
    })
    .await;
}

#[tokio::test]
async fn a_commit_after_a_failed_statement_is_not_answered_with_ok() {
    let database = testkit::Database::with("pool", &[]).await;
    let db = database.db();
    let mut transaction = db.begin().await.unwrap();
    let failed = sqlx::query("select 1 / 0").execute(&mut *transaction).await;
    assert!(failed.is_err());
    let error = transaction.commit().await.unwrap_err();
    assert!(!is_transient(&error), "{error}");
    // And the connection is as good as new.
    db.begin().await.unwrap().commit().await.unwrap();
}

/// Two servers say that they are the primary: one was cut off from whoever decides, and its sessions live on.
#[tokio::test]
async fn a_primary_that_was_succeeded_gets_no_more_writes() {
    let mut cluster = cluster().await;
    let db = Db::connect(&options(&cluster, 4)).await.unwrap();
    fill(&db, 4).await;
    assert_eq!(write(&db, 1).await.unwrap(), port(&cluster, 0));
    cluster.promote(1).await.unwrap();

    // No replica confirms what the old one commits, which is how it shows.
    assert!(write(&db, 2).await.is_err());
    until("the pool is pointed at the new primary", async || {
        i32::from(db.pool().connect_options().get_port()) == port(&cluster, 1)
    })
    .await;
    // Three idle connections to the old one are left, and would be taken first.
    for n in 3..40 {
        assert_eq!(write(&db, n).await.unwrap(), port(&cluster, 1));
    }
}
