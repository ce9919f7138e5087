//! The table `bus.outbox`.
#![allow(
    clippy::as_conversions,
    reason = "how sqlx's macros are told the type of a parameter"
)]

use contracts::Topic;
use serde_json::value::RawValue;
use sqlx::{PgConnection, PgPool};

use crate::BusError;
use crate::record::{Cursor, Record};
use crate::work::Outgoing;

/// Appends a batch in one statement. Each event gets the number after the last one of its topic and aggregate;
/// should two writers of one aggregate meet without its lock, the constraint `outbox_numbered` stops the second.
pub(crate) async fn append(conn: &mut PgConnection, events: &[Outgoing]) -> Result<(), sqlx::Error> {
    let topics: Vec<&str> = events.iter().map(|e| e.topic.name).collect();
    let aggregates: Vec<&str> = events.iter().map(|e| e.aggregate.as_str()).collect();
    let payloads: Vec<&str> = events.iter().map(|e| e.payload.as_str()).collect();
    let traces: Vec<&str> = events.iter().map(|e| e.trace_parent.as_str()).collect();
    let times: Vec<_> = events.iter().map(|e| e.occurred_at).collect();
    sqlx::query_file!(
        "src/append.sql",
        &topics as &[&str],
        &aggregates as &[&str],
        &payloads as &[&str],
        &traces as &[&str],
        &times
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was published on `topic` after `after`, in log order, at most `limit` records. Records of transactions
/// that are not below every running one are left for the next call: their order is not settled yet.
pub(crate) async fn read(
    pool: &PgPool,
    topic: Topic,
    after: &Cursor,
    limit: i64,
) -> Result<Vec<Record>, BusError> {
    let (xid, position) = after.parts()?;
    let rows = sqlx::query!(
        r#"select xid::text as "xid!", position, aggregate, number, event_id, payload::text as "payload!",
                  trace_parent, occurred_at
             from bus.outbox
            where topic = $1
              and (xid, position) > ($2::text::xid8, $3)
              and xid < pg_snapshot_xmin(pg_current_snapshot())
            order by xid, position
            limit $4"#,
        topic.name,
        xid,
        position,
        limit
    )
    .fetch_all(pool)
    .await?;
    if rows.is_empty() {
        refuse_if_ahead(pool, topic, after).await?;
    }
    rows.into_iter()
        .map(|row| {
            Ok(Record {
                topic,
                aggregate: row.aggregate,
                number: row.number,
                event_id: row.event_id,
                cursor: Cursor::new(&row.xid, row.position),
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

/// How many committed records stand after `after`, those whose order is not settled yet included.
pub(crate) async fn count_after(pool: &PgPool, topic: Topic, after: &Cursor) -> Result<i64, BusError> {
    let (xid, position) = after.parts()?;
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from bus.outbox
            where topic = $1 and (xid, position) > ($2::text::xid8, $3)"#,
        topic.name,
        xid,
        position
    )
    .fetch_one(pool)
    .await?;
    if count == 0 {
        refuse_if_ahead(pool, topic, after).await?;
    }
    Ok(count)
}

/// "Nothing new" is true only for a position that this database can have given out.
async fn refuse_if_ahead(pool: &PgPool, topic: Topic, after: &Cursor) -> Result<(), BusError> {
    let (xid, _) = after.parts()?;
    let is_ahead = sqlx::query_scalar!(
        r#"select $1::text::xid8 >= pg_snapshot_xmax(pg_current_snapshot()) as "is_ahead!""#,
        xid
    )
    .fetch_one(pool)
    .await?;
    if is_ahead {
        return Err(BusError::Ahead {
            topic: topic.name,
            position: after.to_string(),
        });
    }
    Ok(())
}
