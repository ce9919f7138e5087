//! One host is taken as it is; of several the primary is looked for.

use std::time::Duration;

use postgres::{Db, DbOptions};

use crate::support::{cluster, options, until, write};

#[tokio::test]
async fn who_was_asked_and_what_each_said_stands_in_the_error() {
    let mut cluster = cluster().await;
    cluster.kill(2).unwrap();
    let hosts = cluster.hosts();
    let mut replicas = options(&cluster, 1);
    replicas.url = format!("postgres://postgres@{},{}/postgres", hosts[1], hosts[2]);
    replicas.timeouts.acquire = Duration::from_millis(200);
    let error = Db::connect(&replicas).await.unwrap_err().to_string();
    assert!(
        error.contains(&format!("{} is a replica; {}: ", hosts[1], hosts[2])),
        "{error}"
    );

    // A database that does not exist is not waited for.
    cluster.rejoin(2).await.unwrap();
    let mut missing = options(&cluster, 1);
    missing.url = cluster.url("nowhere");
    missing.timeouts.acquire = Duration::from_mins(10);
    let error = Db::connect(&missing).await.unwrap_err().to_string();
    assert!(error.contains("\"nowhere\" does not exist"), "{error}");

    // One host is asked nothing, and read from whatever it is.
    let one = DbOptions::new(cluster.url_of(1, "postgres"), "test");
    let db = Db::connect(&one).await.unwrap();
    let rows: i64 = sqlx::query_scalar("select count(*) from written")
        .fetch_one(db.pool())
        .await
        .unwrap();
    assert_eq!(rows, 0);
    assert!(db.acquire_lagging().await.is_ok());
    assert!(write(&db, 1).await.is_err());
}

#[tokio::test]
async fn nobody_looks_for_the_primary_of_a_database_that_was_closed() {
    let cluster = cluster().await;
    let open = |application| {
        let options = DbOptions {
            application,
            ..options(&cluster, 2)
        };
        async move { Db::connect(&options).await.unwrap() }
    };
    let (closed, dropped) = (open("closed").await, open("dropped").await);
    for db in [&closed, &dropped] {
        write(db, 1).await.unwrap();
    }
    closed.close().await;
    drop(dropped);
    let witness = open("witness").await;
    let question = "select count(*) from pg_stat_activity where application_name in ('closed', 'dropped')";
    until("both are gone", async || {
        sqlx::query_scalar(question)
            .fetch_one(witness.pool())
            .await
            .unwrap_or(1_i64)
            == 0
    })
    .await;
}
