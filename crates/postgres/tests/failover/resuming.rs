//! After a failover writes go on, and nothing that was acknowledged is lost.

use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use postgres::{Db, is_transient};

use crate::support::{cluster, options, port, until, write};

/// Writers that never stop, each number once.
struct Writers {
    acknowledged: Arc<Mutex<Vec<i64>>>,
    stop: Arc<AtomicBool>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Writers {
    fn start(db: &Db, count: u32, numbers: &Arc<AtomicI64>) -> Self {
        let acknowledged = Arc::new(Mutex::new(Vec::new()));
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = (0..count).map(|_| {
            let (db, numbers) = (db.clone(), Arc::clone(numbers));
            let (acknowledged, stop) = (Arc::clone(&acknowledged), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let n = numbers.fetch_add(1, Ordering::Relaxed);
                    match write(&db, n).await {
                        Ok(_) => acknowledged.lock().unwrap().push(n),
                        // A number whose outcome is not known is never written again.
                        Err(error) => assert!(is_transient(&error), "{error}"),
                    }
                }
            })
        });
        Self {
            tasks: tasks.collect(),
            acknowledged,
            stop,
        }
    }

    fn count(&self) -> usize {
        self.acknowledged.lock().unwrap().len()
    }

    async fn stop(self) -> Vec<i64> {
        self.stop.store(true, Ordering::Relaxed);
        for task in self.tasks {
            task.await.unwrap();
        }
        let acknowledged = self.acknowledged.lock().unwrap();
        acknowledged.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writes_resume_by_themselves_and_every_acknowledged_one_is_kept_once() {
    let mut cluster = cluster().await;
    let numbers = Arc::new(AtomicI64::new(0));
    let mut all = Vec::new();
    for size in [1_u32, 4, 16] {
        let db = Db::connect(&options(&cluster, size)).await.unwrap();
        let writers = Writers::start(&db, size * 4, &numbers);
        let enough = usize::try_from(size * 8).unwrap();
        until("writes before", async || writers.count() >= enough).await;

        let killed = cluster.kill_primary().unwrap();
        let next = cluster.most_advanced().await.unwrap();
        cluster.promote(next).await.unwrap();
        let before = writers.count();
        let took = until("writes after", async || writers.count() >= before + enough).await;
        println!("pool of {size}: {enough} more writes {took:?} after the promotion");

        // The former primary comes back as a replica, and is left alone.
        cluster.rejoin(killed).await.unwrap();
        let before = writers.count();
        until("writes with all three", async || {
            writers.count() >= before + enough
        })
        .await;
        assert_eq!(write(&db, -1).await.unwrap(), port(&cluster, next));
        all.extend(writers.stop().await);
        db.close().await;
    }

    let witness = Db::connect(&options(&cluster, 1)).await.unwrap();
    let mut kept: Vec<i64> = sqlx::query_scalar("select n from written where n >= 0 order by n")
        .fetch_all(witness.pool())
        .await
        .unwrap();
    let count = kept.len();
    kept.dedup();
    assert_eq!(kept.len(), count, "a number was written twice");
    let lost: Vec<_> = all.iter().filter(|n| kept.binary_search(n).is_err()).collect();
    println!("{} acknowledged, {count} kept", all.len());
    assert!(lost.is_empty(), "acknowledged and lost: {lost:?}");
}
