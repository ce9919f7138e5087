//! The tables `bus.positions`, `bus.handled` and `bus.parked`: how far a service has come.
#![allow(
    clippy::as_conversions,
    reason = "how sqlx's macros are told the type of a parameter"
)]

use std::collections::{HashMap, HashSet};

use contracts::Topic;
use sqlx::{PgConnection, PgPool};

use crate::BusError;
use crate::log::Places;
use crate::record::{Cursor, Record};

/// Where the service stands in a topic of the log of that name.
pub(crate) async fn places(pool: &PgPool, log: &str, topic: Topic) -> Result<Places, BusError> {
    let rows = sqlx::query!(
        "select partition, position from bus.positions where log = $1 and topic = $2",
        log,
        topic.name
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| Ok((row.partition, row.position.parse()?)))
        .collect()
}

/// Locks the partition's row for this transaction and says where it stands. Copies of a service take turns here.
pub(crate) async fn lock_position(
    conn: &mut PgConnection,
    log: &str,
    topic: Topic,
    partition: i32,
) -> Result<Cursor, BusError> {
    if let Some(place) = locked(conn, log, topic, partition).await? {
        return Ok(place);
    }
    let start = Cursor::start();
    sqlx::query!(
        "insert into bus.positions (log, topic, partition, position) values ($1, $2, $3, $4)
         on conflict on constraint positions_pk do nothing",
        log,
        topic.name,
        partition,
        start.as_str()
    )
    .execute(&mut *conn)
    .await?;
    Ok(locked(conn, log, topic, partition).await?.unwrap_or(start))
}

async fn locked(
    conn: &mut PgConnection,
    log: &str,
    topic: Topic,
    partition: i32,
) -> Result<Option<Cursor>, BusError> {
    let text = sqlx::query_scalar!(
        "select position from bus.positions where log = $1 and topic = $2 and partition = $3 for update",
        log,
        topic.name,
        partition
    )
    .fetch_optional(conn)
    .await?;
    text.map(|text| text.parse()).transpose()
}

/// Moves the partition on to `to`.
pub(crate) async fn advance(
    conn: &mut PgConnection,
    log: &str,
    topic: Topic,
    partition: i32,
    to: &Cursor,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update bus.positions set position = $4, updated_at = now()
          where log = $1 and topic = $2 and partition = $3",
        log,
        topic.name,
        partition,
        to.as_str()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The last handled number of each of these aggregates; those without one are left out.
pub(crate) async fn handled(
    conn: &mut PgConnection,
    topic: Topic,
    batch: &[Record],
) -> Result<HashMap<String, i64>, sqlx::Error> {
    let aggregates: Vec<&str> = batch.iter().map(|r| r.aggregate.as_str()).collect();
    let rows = sqlx::query!(
        "select aggregate, number from bus.handled where topic = $1 and aggregate = any($2)",
        topic.name,
        &aggregates as &[&str]
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.aggregate, row.number)).collect())
}

/// The last handled number of each of these aggregates, and which of their events are put aside.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    pub(crate) handled: HashMap<String, i64>,
    pub(crate) parked: HashSet<(String, i64)>,
}

/// Where these records' aggregates stand. One statement, so that what another copy takes out of the parking place
/// meanwhile, and notes as handled, is seen in one of the two.
pub(crate) async fn standing(
    conn: &mut PgConnection,
    topic: Topic,
    batch: &[Record],
) -> Result<Standing, sqlx::Error> {
    let aggregates: Vec<&str> = batch.iter().map(|r| r.aggregate.as_str()).collect();
    let rows = sqlx::query!(
        r#"select aggregate as "aggregate!", number as "number!", false as "is_parked!"
             from bus.handled where topic = $1 and aggregate = any($2)
            union all
           select aggregate, number, true from bus.parked where topic = $1 and aggregate = any($2)"#,
        topic.name,
        &aggregates as &[&str]
    )
    .fetch_all(conn)
    .await?;
    let mut standing = Standing::default();
    for row in rows {
        if row.is_parked {
            standing.parked.insert((row.aggregate, row.number));
        } else {
            standing.handled.insert(row.aggregate, row.number);
        }
    }
    Ok(standing)
}

/// Notes these records as handled.
pub(crate) async fn mark_handled(
    conn: &mut PgConnection,
    topic: Topic,
    records: &[&Record],
) -> Result<(), sqlx::Error> {
    let mut last: HashMap<&str, i64> = HashMap::new();
    for record in records {
        last.insert(&record.aggregate, record.number);
    }
    let (aggregates, numbers): (Vec<&str>, Vec<i64>) = last.into_iter().unzip();
    sqlx::query!(
        "insert into bus.handled (topic, aggregate, number)
         select $1, aggregate, number from unnest($2::text[], $3::bigint[]) as fresh (aggregate, number)
         on conflict on constraint handled_pk do update set number = excluded.number",
        topic.name,
        &aggregates as &[&str],
        &numbers
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Puts a record aside, to wait for what comes before it, or as dead where `error` says why.
pub(crate) async fn park(
    conn: &mut PgConnection,
    record: &Record,
    error: Option<&str>,
) -> Result<(), BusError> {
    let document = serde_json::to_value(record).map_err(|source| BusError::Malformed {
        topic: record.topic.name,
        source,
    })?;
    sqlx::query!(
        "insert into bus.parked (topic, aggregate, number, record, state, error, attempts)
         values ($1, $2, $3, $4, case when $5::text is null then 'waiting' else 'dead' end, $5, 1)
         on conflict on constraint parked_pk
         do update set state = excluded.state, error = excluded.error, attempts = parked.attempts + 1",
        record.topic.name,
        record.aggregate,
        record.number,
        document,
        error
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Records that waited and are next now, at most 100.
pub(crate) async fn revivable(pool: &PgPool, topic: Topic) -> Result<Vec<Record>, BusError> {
    let rows = sqlx::query_scalar!(
        // Asked at every step, mostly for nothing: looked up for each row, so that no plan reads all of bus.handled.
        r#"select p.record
             from bus.parked p
            where p.topic = $1 and p.state = 'waiting'
              and p.number = coalesce((select h.number from bus.handled h
                                        where h.topic = p.topic and h.aggregate = p.aggregate), 0) + 1
            order by p.parked_at
            limit 100"#,
        topic.name
    )
    .fetch_all(pool)
    .await?;
    rows.into_iter()
        .map(|row| {
            serde_json::from_value(row).map_err(|source| BusError::Malformed {
                topic: topic.name,
                source,
            })
        })
        .collect()
}

/// Takes a waiting record out of the parking place; false where another copy was quicker.
pub(crate) async fn unpark(conn: &mut PgConnection, record: &Record) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "delete from bus.parked where topic = $1 and aggregate = $2 and number = $3 and state = 'waiting'",
        record.topic.name,
        record.aggregate,
        record.number
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
