//! A service that publishes to itself, and a handler that writes down what it is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bus::{
    BusError, Consumer, Cursor, EventLog, Handler, Outbox, OutboxLog, Places, Progress, Reader, Record,
    Refusal, Work,
};
use chrono::DateTime;
use contracts::events::PaymentRequested;
use contracts::{Topic, topics};
use ids::PaymentId;
use tokio::sync::Mutex;

pub const TOPIC: Topic = topics::PAYMENT_REQUESTED;

/// A database with the log's tables and one table for effects.
pub async fn database() -> testkit::Database {
    let database = testkit::Database::with("log", &[&bus::MIGRATOR]).await;
    let mut work = database.outbox().begin().await.unwrap();
    sqlx::raw_sql(
        "create table effects (place bigint generated always as identity, aggregate text, number bigint)",
    )
    .execute(work.conn())
    .await
    .unwrap();
    work.commit().await.unwrap();
    database
}

/// Publishes one event of each payment.
pub async fn publish(outbox: &Outbox, payments: &[PaymentId]) {
    let mut work = outbox.begin().await.unwrap();
    for payment in payments {
        work.publish(&PaymentRequested { payment_id: *payment }, DateTime::UNIX_EPOCH)
            .unwrap();
    }
    work.commit().await.unwrap();
}

/// Writes an effect for each record; refuses the records of `poisoned` for ever, and more than `appetite` at once for
/// now.
pub struct Scribe {
    pub poisoned: Mutex<Option<String>>,
    pub appetite: Mutex<Option<usize>>,
    pub calls: AtomicI64,
}

impl Scribe {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            poisoned: Mutex::new(None),
            appetite: Mutex::new(None),
            calls: AtomicI64::new(0),
        })
    }
}

#[async_trait]
impl Handler for Scribe {
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        if self
            .appetite
            .lock()
            .await
            .is_some_and(|most| records.len() > most)
        {
            return Err(Refusal::NotNow("that takes too long".into()));
        }
        let poisoned = self.poisoned.lock().await.clone();
        for record in records {
            sqlx::query("insert into effects (aggregate, number) values ($1, $2)")
                .bind(&record.aggregate)
                .bind(record.number)
                .execute(work.conn())
                .await?;
            if poisoned.as_ref() == Some(&record.aggregate) {
                return Err(Refusal::Never("poisoned".into()));
            }
        }
        Ok(())
    }
}

/// Has a consumer take in everything that was published. Transactions of other tests on the same server hold
/// records back for a moment, so idle is not yet the end.
pub async fn drain(consumer: &Consumer) {
    while consumer.step().await.unwrap() != Progress::Idle || consumer.lag().await.unwrap() > 0 {
        tokio::task::yield_now().await;
    }
}

/// The effects, in the order in which they were written.
pub async fn effects(outbox: &Outbox) -> Vec<(String, i64)> {
    sqlx::query_as("select aggregate, number from effects order by place")
        .fetch_all(outbox.db().pool())
        .await
        .unwrap()
}

pub fn consumer(outbox: &Outbox, handler: &Arc<Scribe>) -> Consumer {
    consumer_of(Arc::new(OutboxLog::new(outbox.clone())), outbox, handler)
}

pub fn consumer_of(log: Arc<dyn EventLog>, outbox: &Outbox, handler: &Arc<Scribe>) -> Consumer {
    Consumer::new(
        log,
        TOPIC,
        outbox.clone(),
        Arc::clone(handler) as Arc<dyn Handler>,
    )
}

/// A log that delivers what a test wrote down, whatever the order, and more than once if the test says so.
pub struct Scripted(pub Vec<Record>);

impl Scripted {
    /// The records of `outbox` in the order of these places, each with the place it is delivered at.
    pub async fn of(outbox: &Outbox, places: &[usize]) -> Arc<Self> {
        let log = OutboxLog::new(outbox.clone());
        let mut written = Vec::new();
        while written.len() <= places.iter().copied().max().unwrap() {
            written = log.read(TOPIC, &Cursor::start(), 1000).await.unwrap();
        }
        let records = places.iter().zip(1..).map(|(place, at)| {
            let mut record = written[*place].clone();
            record.cursor = format!("0.{at}").parse().unwrap();
            record
        });
        Arc::new(Self(records.collect()))
    }
}

#[async_trait]
impl EventLog for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn reader(&self, _: Topic) -> Box<dyn Reader> {
        Box::new(Self(self.0.clone()))
    }

    async fn lag(&self, _: Topic, _: &Places) -> Result<i64, BusError> {
        Ok(0)
    }
}

#[async_trait]
impl Reader for Scripted {
    fn partitions(&self) -> Vec<i32> {
        vec![0]
    }

    async fn read(&self, _: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        let place: usize = after.as_str().trim_start_matches("0.").parse().unwrap();
        Ok(self.0.iter().skip(place).take(limit.into()).cloned().collect())
    }

    async fn changed(&self, _: std::time::Duration) -> bool {
        false
    }
}
