//! A handler that writes down what it is given.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use bus::{Handler, Record, Refusal, Work};
use tokio::sync::Mutex;

/// Writes an effect for each record; refuses the records of `poisoned` for ever, and more than `appetite` at once for
/// now.
#[derive(Debug, Default)]
pub struct Scribe {
    /// The aggregate whose events it refuses.
    pub poisoned: Mutex<Option<String>>,
    /// How many records it takes at once.
    pub appetite: Mutex<Option<usize>>,
    /// How often it was called.
    pub calls: AtomicI64,
    /// The records that it was given, as they came.
    pub given: Mutex<Vec<Record>>,
}

impl Scribe {
    /// One that takes everything.
    pub fn new() -> Arc<Self> {
        Arc::default()
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
        let (aggregates, numbers): (Vec<&str>, Vec<i64>) = records
            .iter()
            .map(|record| (record.aggregate.as_str(), record.number))
            .unzip();
        sqlx::query(
            "insert into effects (aggregate, number)
             select aggregate, number from unnest($1::text[], $2::bigint[]) with ordinality
                 as fresh (aggregate, number, place) order by place",
        )
        .bind(&aggregates)
        .bind(&numbers)
        .execute(work.conn())
        .await?;
        // Refused after it has written: what it wrote must not stay.
        if records
            .iter()
            .any(|record| poisoned.as_ref() == Some(&record.aggregate))
        {
            return Err(Refusal::Never("poisoned".into()));
        }
        let mut given = self.given.lock().await;
        given.extend(records.iter().map(|record| (*record).clone()));
        Ok(())
    }
}
