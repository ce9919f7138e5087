//! PostgreSQL under Patroni fails over by itself, and keeps what it has acknowledged.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reports a fault by panicking"
)]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use postgres::{Db, DbOptions, Timeouts, is_transient};
use servers::Patroni;
use tokio::time::{Instant, sleep};

/// A failover takes 20 s by itself; the rest is for a starved machine.
const PATIENCE: Duration = Duration::from_mins(2);

/// Somebody who writes one number after the other, each in a transaction of its own, and once only.
struct Writer {
    acknowledged: Arc<Mutex<Vec<i64>>>,
    is_over: Arc<AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Writer {
    fn start(db: Db) -> Self {
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let is_over = Arc::new(AtomicBool::new(false));
        let (noted, over) = (Arc::clone(&acknowledged), Arc::clone(&is_over));
        let task = tokio::spawn(async move {
            for n in 0_i64.. {
                if over.load(Ordering::Relaxed) {
                    break;
                }
                match write(&db, n).await {
                    Ok(()) => noted.lock().unwrap().push(n),
                    Err(error) => assert!(is_transient(&error), "{error}"),
                }
            }
        });
        Self {
            acknowledged,
            is_over,
            task,
        }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    /// Waits for that many more.
    async fn writes(&self, more: usize) -> Duration {
        let (begun, enough) = (Instant::now(), self.count() + more);
        while self.count() < enough {
            assert!(!self.task.is_finished(), "the writer ended");
            assert!(begun.elapsed() < PATIENCE, "no writes within {PATIENCE:?}");
            sleep(Duration::from_millis(20)).await;
        }
        begun.elapsed()
    }

    async fn stop(self) -> Vec<i64> {
        self.is_over.store(true, Ordering::Relaxed);
        self.task.await.unwrap();
        let acknowledged = self.acknowledged.lock().unwrap();
        acknowledged.clone()
    }
}

async fn write(db: &Db, n: i64) -> Result<(), sqlx::Error> {
    let mut transaction = db.begin().await?;
    sqlx::query("insert into written values ($1)")
        .bind(n)
        .execute(&mut *transaction)
        .await?;
    transaction.commit().await
}

async fn kept(db: &Db) -> Vec<i64> {
    sqlx::query_scalar("select n from written order by n")
        .fetch_all(db.pool())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn after_the_loss_of_the_primary_writes_resume_and_every_acknowledged_one_is_kept() {
    let begun = Instant::now();
    let mut cluster = Patroni::start().await.unwrap();
    println!("three servers were healthy after {:?}", begun.elapsed());
    let mut options = DbOptions::new(cluster.url("postgres"), "test");
    options.timeouts = Timeouts::within(Duration::from_secs(6));
    let db = Db::connect(&options).await.unwrap();
    sqlx::raw_sql("create table written (n bigint primary key)")
        .execute(db.pool())
        .await
        .unwrap();

    let writer = Writer::start(db.clone());
    writer.writes(100).await;
    let killed = cluster.kill_primary().await.unwrap();
    let begun = Instant::now();
    // One may have been on its way.
    writer.writes(2).await;
    println!(
        "writes went on {:?} after the primary was killed",
        begun.elapsed()
    );
    let leader = cluster.leader().await.unwrap();
    assert_ne!(leader, killed);

    let begun = Instant::now();
    cluster.restart_dead().await.unwrap();
    println!(
        "the dead server was back as a replica after {:?}",
        begun.elapsed()
    );
    assert_eq!(cluster.leader().await, Some(leader));
    writer.writes(100).await;

    let acknowledged = writer.stop().await;
    let kept = kept(&db).await;
    let lost: Vec<_> = acknowledged
        .iter()
        .filter(|n| kept.binary_search(n).is_err())
        .collect();
    println!("{} acknowledged, {} kept", acknowledged.len(), kept.len());
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_that_hangs_is_succeeded_and_returns_as_a_replica() {
    let mut cluster = Patroni::start().await.unwrap();
    let hung = cluster.leader().await.unwrap();
    cluster.pause(hung).unwrap();
    let begun = Instant::now();
    while cluster.leader().await.is_none() {
        assert!(begun.elapsed() < PATIENCE, "no leader within {PATIENCE:?}");
        sleep(Duration::from_millis(100)).await;
    }
    println!("another leader after {:?}", begun.elapsed());
    cluster.resume(hung).unwrap();
    cluster.wait_healthy().await.unwrap();
    assert_ne!(cluster.leader().await, Some(hung));
}
