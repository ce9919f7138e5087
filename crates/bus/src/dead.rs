//! Dead letters: seen, replayed, or skipped with a reason. Nothing vanishes.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{BusError, Outbox};

/// An event that could not be handled, or waits behind one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    /// Its topic.
    pub topic: String,
    /// The thing it tells of.
    pub aggregate: String,
    /// Its number.
    pub number: i64,
    /// `dead`, `waiting` or `skipped`.
    pub state: String,
    /// Why it is dead, or why it was skipped.
    pub error: Option<String>,
    /// How often it was tried.
    pub attempts: i32,
    /// When it was put aside first.
    pub parked_at: DateTime<Utc>,
    /// The event itself.
    pub record: serde_json::Value,
}

/// What is put aside in this service, oldest first, at most 1,000.
pub async fn list(outbox: &Outbox) -> Result<Vec<Letter>, BusError> {
    Ok(sqlx::query_as!(
        Letter,
        "select topic, aggregate, number, state, error, attempts, parked_at, record
           from bus.parked order by parked_at, topic, aggregate, number limit 1000"
    )
    .fetch_all(outbox.db().pool())
    .await?)
}

/// Has a dead letter tried again by the consumer of its topic.
pub async fn replay(outbox: &Outbox, topic: &str, aggregate: &str, number: i64) -> Result<(), BusError> {
    let mut work = outbox.begin().await?;
    let done = sqlx::query!(
        "update bus.parked set state = 'waiting', error = null
          where topic = $1 and aggregate = $2 and number = $3 and state = 'dead'",
        topic,
        aggregate,
        number
    )
    .execute(work.conn())
    .await?;
    settled(done.rows_affected(), topic, aggregate, number)?;
    Ok(work.commit().await?)
}

/// Gives a dead letter up: it stays on record as skipped, with the reason, and those behind it go on.
pub async fn skip(
    outbox: &Outbox,
    topic: &str,
    aggregate: &str,
    number: i64,
    reason: &str,
) -> Result<(), BusError> {
    let mut work = outbox.begin().await?;
    let done = sqlx::query!(
        "update bus.parked set state = 'skipped', error = $4 || ' (was: ' || error || ')'
          where topic = $1 and aggregate = $2 and number = $3 and state = 'dead'",
        topic,
        aggregate,
        number,
        reason
    )
    .execute(work.conn())
    .await?;
    settled(done.rows_affected(), topic, aggregate, number)?;
    sqlx::query!(
        "insert into bus.handled (topic, aggregate, number) values ($1, $2, $3)
         on conflict on constraint handled_pk do update set number = greatest(handled.number, excluded.number)",
        topic,
        aggregate,
        number
    )
    .execute(work.conn())
    .await?;
    Ok(work.commit().await?)
}

fn settled(rows: u64, topic: &str, aggregate: &str, number: i64) -> Result<(), BusError> {
    if rows == 1 {
        return Ok(());
    }
    Err(BusError::NoSuchLetter {
        topic: topic.to_owned(),
        aggregate: aggregate.to_owned(),
        number,
    })
}
