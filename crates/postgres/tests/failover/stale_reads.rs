//! Reports read from a replica only while it keeps up.

use std::time::Duration;

use postgres::Db;
use tokio::time::Instant;

use crate::support::{cluster, options, until, write};

async fn reads_from_a_replica(db: &Db) -> bool {
    let question = sqlx::query_scalar("select pg_is_in_recovery()");
    let mut conn = db.acquire_lagging().await.unwrap();
    question.fetch_one(&mut *conn).await.unwrap()
}

#[tokio::test]
async fn what_a_report_reads_is_never_older_than_the_limit() {
    let cluster = cluster().await;
    let mut options = options(&cluster, 4);
    options.lag_limit = Duration::from_secs(3);
    let db = Db::connect(&options).await.unwrap();
    until("a replica is read from", async || reads_from_a_replica(&db).await).await;

    for replica in [1, 2] {
        let pause = "select pg_wal_replay_pause()";
        cluster.execute(replica, pause).await.unwrap();
    }
    write(&db, 1).await.unwrap();
    let written = Instant::now();
    let mut saw_nothing = 0;
    let mut saw_it = 0;
    while written.elapsed() < options.lag_limit * 3 {
        let is_due = written.elapsed() > options.lag_limit;
        let mut conn = db.acquire_lagging().await.unwrap();
        let count: i64 = sqlx::query_scalar("select count(*) from written")
            .fetch_one(&mut *conn)
            .await
            .unwrap();
        assert!(count == 1 || !is_due, "not seen {:?} later", written.elapsed());
        if is_due {
            assert!(
                !reads_from_a_replica(&db).await,
                "read from a replica that stands still"
            );
            saw_it += 1;
        } else if count == 0 {
            saw_nothing += 1;
        }
    }
    println!("{saw_nothing} reads before the limit saw the old state; {saw_it} after it all saw the new one");
    assert!(saw_it > 0);

    for replica in [1, 2] {
        let resume = "select pg_wal_replay_resume()";
        cluster.execute(replica, resume).await.unwrap();
    }
    until("a replica is read from again", async || {
        reads_from_a_replica(&db).await
    })
    .await;
}
