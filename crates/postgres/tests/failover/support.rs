//! What the tests share.

use std::time::Duration;

use postgres::{Db, DbOptions, Timeouts};
use servers::ReplicatedPostgres;
use tokio::time::{Instant, sleep};

/// How long something may take that is bound to happen, on a starved machine.
pub const PATIENCE: Duration = Duration::from_mins(1);

/// Asks again and again until the answer is yes.
pub async fn until<F: AsyncFnMut() -> bool>(what: &str, mut question: F) -> Duration {
    let begun = Instant::now();
    while !question().await {
        assert!(begun.elapsed() < PATIENCE, "{what}: not within {PATIENCE:?}");
        sleep(Duration::from_millis(10)).await;
    }
    begun.elapsed()
}

/// Three servers with a table `written`, which takes the same number twice.
pub async fn cluster() -> ReplicatedPostgres {
    let cluster = ReplicatedPostgres::start().await.unwrap();
    let table = "create table written (n bigint not null)";
    cluster.execute(cluster.primary(), table).await.unwrap();
    cluster
}

/// All hosts, short limits.
pub fn options(cluster: &ReplicatedPostgres, connections: u32) -> DbOptions {
    DbOptions {
        max_connections: connections,
        timeouts: Timeouts::within(Duration::from_secs(6)),
        ..DbOptions::new(cluster.url("postgres"), "test")
    }
}

/// Writes a number in a transaction; returns the port of the server that did it.
pub async fn write(db: &Db, n: i64) -> Result<i32, sqlx::Error> {
    let mut transaction = db.begin().await?;
    let port = sqlx::query_scalar("insert into written values ($1) returning inet_server_port()")
        .bind(n)
        .fetch_one(&mut *transaction)
        .await?;
    transaction.commit().await?;
    Ok(port)
}

/// The port of a server.
pub fn port(cluster: &ReplicatedPostgres, server: usize) -> i32 {
    cluster.hosts()[server]
        .rsplit(':')
        .next()
        .unwrap()
        .parse()
        .unwrap()
}

/// Has as many connections open as the pool can.
pub async fn fill(db: &Db, connections: u32) {
    let mut held = Vec::new();
    for _ in 0..connections {
        held.push(db.begin().await.unwrap());
    }
}
