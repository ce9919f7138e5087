//! The table `bus.outbox` by partition and sequence, and `bus.partitions`: what a relay did and has to do.
#![allow(
    clippy::as_conversions,
    reason = "how sqlx's macros are told the type of a parameter"
)]

use chrono::{DateTime, Utc};
use contracts::Topic;
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::BusError;
use crate::feed::Heads;
use crate::record::{Cursor, Record};

/// An event that stands in no partition yet.
#[derive(Debug)]
pub(crate) struct Unsequenced {
    pub(crate) position: i64,
    pub(crate) topic: String,
    pub(crate) aggregate: String,
    pub(crate) number: i64,
    pub(crate) event_id: Uuid,
    pub(crate) payload: String,
    pub(crate) trace_parent: String,
    pub(crate) occurred_at: DateTime<Utc>,
}

/// The oldest events of these topics that stand in no partition. In the order of their positions an event never stands
/// before its predecessor: it got its position under the lock of its aggregate, after that one was committed. What
/// commits late is found late; nothing is passed over.
pub(crate) async fn next(
    conn: &mut PgConnection,
    topics: &[&str],
    limit: i64,
) -> Result<Vec<Unsequenced>, sqlx::Error> {
    sqlx::query_as!(
        Unsequenced,
        r#"select position, topic, aggregate, number, event_id, payload::text as "payload!", trace_parent, occurred_at
             from bus.outbox
            where sequence is null and topic = any($1)
            order by position
            limit $2"#,
        topics as &[&str],
        limit
    )
    .fetch_all(conn)
    .await
}

/// Puts events into partitions.
pub(crate) async fn assign(
    conn: &mut PgConnection,
    positions: &[i64],
    partitions: &[i32],
    sequences: &[i64],
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update bus.outbox o set partition = fresh.partition, sequence = fresh.sequence
           from unnest($1::bigint[], $2::integer[], $3::bigint[]) as fresh (position, partition, sequence)
          where o.position = fresh.position",
        positions,
        partitions,
        sequences
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// How far the relay has come in one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    pub(crate) topic: String,
    pub(crate) partition: i32,
    pub(crate) numbered: i64,
    pub(crate) published: i64,
}

/// How far the relay has come.
pub(crate) async fn progress(conn: &mut PgConnection) -> Result<Vec<Progress>, sqlx::Error> {
    sqlx::query_as!(
        Progress,
        "select topic, partition, numbered, published from bus.partitions order by topic, partition"
    )
    .fetch_all(conn)
    .await
}

/// Notes how far the relay has come in these partitions.
pub(crate) async fn note(conn: &mut PgConnection, progress: &[Progress]) -> Result<(), sqlx::Error> {
    let topics: Vec<&str> = progress.iter().map(|p| p.topic.as_str()).collect();
    let partitions: Vec<i32> = progress.iter().map(|p| p.partition).collect();
    let numbered: Vec<i64> = progress.iter().map(|p| p.numbered).collect();
    let published: Vec<i64> = progress.iter().map(|p| p.published).collect();
    sqlx::query!(
        "insert into bus.partitions (topic, partition, numbered, published)
         select * from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[])
         on conflict on constraint partitions_pk
         do update set numbered = excluded.numbered, published = excluded.published",
        &topics as &[&str],
        &partitions,
        &numbered,
        &published
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// At most `limit` records of a partition behind the sequence `after`.
pub(crate) async fn read(
    pool: &PgPool,
    topic: Topic,
    partition: i32,
    after: i64,
    limit: i64,
) -> Result<Vec<Record>, BusError> {
    let rows = sqlx::query!(
        r#"select sequence as "sequence!", aggregate, number, event_id, payload::text as "payload!",
                  trace_parent, occurred_at
             from bus.outbox
            where topic = $1 and partition = $2 and sequence > $3
            order by sequence
            limit $4"#,
        topic.name,
        partition,
        after,
        limit
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Record {
                topic,
                aggregate: row.aggregate,
                number: row.number,
                event_id: row.event_id,
                cursor: Cursor::at(row.sequence),
                payload: RawValue::from_string(row.payload).map_err(|source| BusError::Malformed {
                    topic: topic.name,
                    source,
                })?,
                trace_parent: row.trace_parent,
                occurred_at: row.occurred_at,
            })
        })
        .collect()
}

/// How far a topic has come.
pub(crate) async fn heads(pool: &PgPool, topic: Topic) -> Result<Heads, BusError> {
    // One statement, so that no event is between the two counts.
    let rows = sqlx::query!(
        r#"select null::integer as partition, count(*) as "count!"
             from bus.outbox where sequence is null and topic = $1
            union all
           select partition, numbered from bus.partitions where topic = $1"#,
        topic.name
    )
    .fetch_all(pool)
    .await?;
    let mut heads = Heads::default();
    for row in rows {
        match row.partition {
            None => heads.unsequenced = row.count,
            Some(partition) => {
                heads.numbered.insert(partition, row.count);
            }
        }
    }
    Ok(heads)
}
