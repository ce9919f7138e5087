//! A statement that is its own transaction is kept when it was answered, and spoils no connection when it was not.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reports a fault by panicking"
)]

use std::time::Duration;

use postgres::{Db, DbOptions, Single, is_transient};

async fn write(db: &Db, n: i32) -> Result<(), sqlx::Error> {
    let mut single = db.single();
    let limit = single.limit();
    let insert = sqlx::query("insert into written values ($1)").bind(n);
    let answer = tokio::time::timeout(limit, insert.execute(single.conn().await?)).await;
    single.end(answer).map(drop)
}

async fn database() -> (testkit::Database, DbOptions) {
    let database = testkit::Database::with("pool", &[]).await;
    let mut options = DbOptions::new(database.url(), "test");
    // One, so that each write meets the connection of the one before.
    options.max_connections = 1;
    let db = Db::connect(&options).await.unwrap();
    sqlx::query("create table written (n integer primary key)")
        .execute(db.pool())
        .await
        .unwrap();
    db.close().await;
    (database, options)
}

async fn written(options: &DbOptions) -> Vec<i32> {
    let db = Db::connect(options).await.unwrap();
    sqlx::query_scalar("select n from written order by n")
        .fetch_all(db.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn what_was_answered_is_kept_and_what_was_refused_leaves_nothing() {
    let (_database, options) = database().await;
    let db = Db::connect(&options).await.unwrap();
    write(&db, 1).await.unwrap();
    let refused = write(&db, 1).await.unwrap_err();
    assert!(!is_transient(&refused), "{refused}");
    write(&db, 2).await.unwrap();
    db.close().await;
    assert_eq!(written(&options).await, [1, 2]);
}

#[tokio::test]
async fn nobody_gets_the_connection_of_one_that_was_given_up() {
    let (_database, options) = database().await;
    let db = Db::connect(&options).await.unwrap();
    for n in 0..20 {
        // Given up while it is on its way, or before.
        let cut_off = async {
            let mut single = db.single();
            let late = sqlx::query("select pg_sleep(10)")
                .execute(single.conn().await.unwrap())
                .await;
            panic!("{late:?}");
        };
        let given_up = tokio::time::timeout(Duration::from_millis(5), cut_off).await;
        assert!(given_up.is_err());
        write(&db, n).await.unwrap();
    }
    db.close().await;
    assert_eq!(written(&options).await.len(), 20);
}

#[tokio::test]
async fn without_an_answer_nobody_says_that_nothing_happened() {
    let (_database, options) = database().await;
    let mut short = options.clone();
    short.timeouts.lock = Duration::from_secs(20);
    short.timeouts.commit = Duration::ZERO;
    short.timeouts.acquire = Duration::from_secs(30);
    short.max_connections = 2;
    let db = Db::connect(&short).await.unwrap();
    let error = {
        let mut single = db.single();
        let sleep = sqlx::query("select pg_sleep(10)").execute(single.conn().await.unwrap());
        let answer = tokio::time::timeout(Duration::from_millis(20), sleep).await;
        single.end(answer).unwrap_err()
    };
    assert!(is_transient(&error), "{error}");
    assert!(error.to_string().contains("not known"), "{error}");
}

async fn planning(single: &mut Single) -> String {
    let limit = single.limit();
    let asked = sqlx::query_scalar("show enable_seqscan").fetch_one(single.conn().await.unwrap());
    let answer = tokio::time::timeout(limit, asked).await;
    single.end(answer).unwrap()
}

#[tokio::test]
async fn who_gets_a_connection_after_one_that_was_planned_by_key_is_planned_as_usual() {
    let (_database, options) = database().await;
    let db = Db::connect(&options).await.unwrap();
    for _ in 0..3 {
        let mut by_key = db.single_by_key();
        assert_eq!(planning(&mut by_key).await, "off");
        by_key.rest();
        assert_eq!(planning(&mut db.single()).await, "on");
        // The same where it is given up.
        assert_eq!(planning(&mut by_key).await, "off");
        by_key.conn().await.unwrap();
        drop(by_key);
        assert_eq!(planning(&mut db.single()).await, "on");
    }
}

#[tokio::test]
async fn of_the_last_connection_nobody_keeps_the_others_out() {
    let (_database, options) = database().await;
    let db = Db::connect(&options).await.unwrap();
    let (mut by_key, mut as_usual) = (db.single_by_key(), db.single());
    for _ in 0..3 {
        assert_eq!(planning(&mut by_key).await, "off");
        assert_eq!(planning(&mut as_usual).await, "on");
        db.begin().await.unwrap().commit().await.unwrap();
    }
}

/// A server process that answers nobody until it is dropped.
struct Frozen(i32);

impl Frozen {
    fn signal(&self, name: &str) {
        let kill = std::process::Command::new("kill")
            .args([name, &self.0.to_string()])
            .status();
        assert!(kill.unwrap().success());
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        self.signal("-CONT");
    }
}

#[tokio::test]
async fn a_kept_connection_that_says_nothing_is_not_waited_for() {
    let (_database, mut options) = database().await;
    options.max_connections = 3;
    options.timeouts.lock = Duration::from_millis(300);
    options.timeouts.commit = Duration::from_millis(300);
    let db = Db::connect(&options).await.unwrap();
    // Two of three are there before anything is kept.
    let (one, two) = (db.begin().await.unwrap(), db.begin().await.unwrap());
    drop((one, two));
    let mut single = db.single();
    let process = sqlx::query_scalar("select pg_backend_pid()").fetch_one(single.conn().await.unwrap());
    let answer = tokio::time::timeout(Duration::from_secs(5), process).await;
    let frozen = Frozen(single.end(answer).unwrap());
    assert!(single.is_kept());
    // So long that it is asked again.
    sqlx::query("select pg_sleep(1.1)")
        .execute(db.pool())
        .await
        .unwrap();
    frozen.signal("-STOP");
    let again = tokio::time::timeout(Duration::from_secs(20), planning(&mut single)).await;
    assert_eq!(again.as_deref(), Ok("on"));
}
