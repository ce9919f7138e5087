//! The tables `bus.placements`, `bus.partitions`, `bus.frontier` and `bus.holes`: what a relay did and has to do.
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
use crate::broker::Sequenced;
use crate::feed::Heads;
use crate::frontier::{Frontier, Hole};
use crate::record::{Cursor, Record};

/// An event that stands in no partition yet.
#[derive(Debug)]
pub(crate) struct Unplaced {
    pub(crate) position: i64,
    pub(crate) topic: String,
    pub(crate) aggregate: String,
    pub(crate) number: i64,
    pub(crate) event_id: Uuid,
    pub(crate) payload: String,
    pub(crate) trace_parent: String,
    pub(crate) occurred_at: DateTime<Utc>,
    /// How many there were within the limit on their number; those beyond the limit on their size are not here.
    pub(crate) found: i64,
}

/// The oldest events that stand in no partition, at most `limit` of them and, but for the first, of `bytes`, in the order of their positions. In that order an event never stands
/// before its predecessor: it got its position under the lock of its aggregate, after that one was committed. It takes
/// one statement, and so one snapshot, for the same reason.
pub(crate) async fn next(
    conn: &mut PgConnection,
    frontier: &Frontier,
    limit: i64,
    bytes: i64,
) -> Result<Vec<Unplaced>, sqlx::Error> {
    let firsts: Vec<i64> = frontier.holes.iter().map(|hole| hole.first).collect();
    let lasts: Vec<i64> = frontier.holes.iter().map(|hole| hole.last).collect();
    sqlx::query_file_as!(
        Unplaced,
        "src/next.sql",
        frontier.taken_to,
        &firsts,
        &lasts,
        limit,
        bytes
    )
    .fetch_all(conn)
    .await
}

/// The number below which all transactions have ended.
pub(crate) async fn horizon(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select pg_snapshot_xmin(pg_current_snapshot())::text::bigint as "horizon!""#)
        .fetch_one(conn)
        .await
}

/// The number of this transaction. Whoever was given a position before this was asked has a lower one: it had written
/// its state before it published.
pub(crate) async fn transaction(conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar!(r#"select pg_current_xact_id()::text::bigint as "number!""#)
        .fetch_one(conn)
        .await
}

/// How far the relay has come in the outbox.
pub(crate) async fn frontier(conn: &mut PgConnection) -> Result<Frontier, sqlx::Error> {
    let taken_to = sqlx::query_scalar!("select taken_to from bus.frontier").fetch_optional(&mut *conn);
    let taken_to = taken_to.await?.unwrap_or(0);
    let holes = sqlx::query_as!(
        Hole,
        r#"select first, last, seen_in::text::bigint as "seen_in!" from bus.holes order by first"#
    );
    Ok(Frontier {
        taken_to,
        holes: holes.fetch_all(conn).await?,
    })
}

/// Notes how far the relay has come in the outbox.
pub(crate) async fn note_frontier(conn: &mut PgConnection, taken_to: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into bus.frontier (taken_to) values ($1)
         on conflict on constraint frontier_pk do update set taken_to = excluded.taken_to",
        taken_to
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes these holes in place of those before.
pub(crate) async fn note_holes(conn: &mut PgConnection, holes: &[Hole]) -> Result<(), sqlx::Error> {
    let firsts: Vec<i64> = holes.iter().map(|hole| hole.first).collect();
    let lasts: Vec<i64> = holes.iter().map(|hole| hole.last).collect();
    let seen_in: Vec<String> = holes.iter().map(|hole| hole.seen_in.to_string()).collect();
    sqlx::query!("delete from bus.holes").execute(&mut *conn).await?;
    sqlx::query!(
        "insert into bus.holes (first, last, seen_in)
         select first, last, seen_in::xid8
           from unnest($1::bigint[], $2::bigint[], $3::text[]) as hole (first, last, seen_in)",
        &firsts,
        &lasts,
        &seen_in
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts events into partitions: in each, those given follow one another.
pub(crate) async fn add(
    conn: &mut PgConnection,
    positions: &[i64],
    records: &[Sequenced],
) -> Result<(), BusError> {
    let topics: Vec<&str> = records.iter().map(|placed| placed.record.topic.name).collect();
    let partitions: Vec<i32> = records.iter().map(|placed| placed.partition).collect();
    let sequences = records.iter().map(|placed| placed.record.cursor.sequence());
    let sequences = sequences.collect::<Result<Vec<i64>, _>>()?;
    sqlx::query!(
        "insert into bus.placements (topic, partition, first, positions)
         select topic, partition, min(sequence), array_agg(position order by sequence)
           from unnest($1::text[], $2::integer[], $3::bigint[], $4::bigint[])
                as fresh (topic, partition, sequence, position)
          group by topic, partition",
        &topics as &[&str],
        &partitions,
        &sequences,
        positions
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

/// How far the relay has come in each partition.
pub(crate) async fn progress(conn: &mut PgConnection) -> Result<Vec<Progress>, sqlx::Error> {
    sqlx::query_as!(
        Progress,
        "select topic, partition, numbered, published from bus.partitions order by topic, partition"
    )
    .fetch_all(conn)
    .await
}

/// Notes how far the relay has come in these partitions.
pub(crate) async fn note_progress(conn: &mut PgConnection, progress: &[Progress]) -> Result<(), sqlx::Error> {
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
        r#"select p.first + e.place - 1 as "sequence!", o.aggregate, o.number, o.event_id,
                  o.payload::text as "payload!", o.trace_parent, o.occurred_at
             from bus.placements p
            cross join unnest(p.positions) with ordinality as e (position, place)
             join bus.outbox o on o.position = e.position
            where p.topic = $1 and p.partition = $2
              -- From the list that has the next one, to the last that can have one of so many.
              and p.first >= coalesce((select max(first) from bus.placements
                                        where topic = $1 and partition = $2 and first <= $3::bigint + 1), 0)
              and p.first <= $3::bigint + $4::bigint
              and p.first + e.place - 1 > $3::bigint
            order by p.first + e.place
            limit $4::bigint"#,
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
    // One statement, so that no event is between the counts.
    let rows = sqlx::query!(
        r#"select null::integer as partition, count(*) as "count!"
             from bus.outbox
            where topic = $1 and position > coalesce((select taken_to from bus.frontier), 0)
            union all
           select null, coalesce(sum(found.count), 0)::bigint
             from bus.holes h
            cross join lateral (select count(*) as count from bus.outbox
                                 where position between h.first and h.last and topic = $1) as found
            union all
           select partition, numbered from bus.partitions where topic = $1"#,
        topic.name
    )
    .fetch_all(pool)
    .await?;
    let mut heads = Heads::default();
    for row in rows {
        match row.partition {
            None => heads.unsequenced = heads.unsequenced.saturating_add(row.count),
            Some(partition) => {
                heads.numbered.insert(partition, row.count);
            }
        }
    }
    Ok(heads)
}
