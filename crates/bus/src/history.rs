//! What was told of one thing.

use contracts::Topic;
use serde_json::value::RawValue;
use sqlx::PgConnection;

use crate::BusError;
use crate::record::{Cursor, Record};

/// What this service told of `aggregate` on `topic`, in its order; at most `limit` events.
///
/// # Errors
/// [`BusError`]: the database, or a payload that is not JSON.
pub async fn history(
    conn: &mut PgConnection,
    topic: Topic,
    aggregate: &str,
    limit: i64,
) -> Result<Vec<Record>, BusError> {
    let rows = sqlx::query!(
        r#"select xid::text as "xid!", position, number, event_id, payload::text as "payload!", trace_parent,
                  occurred_at
             from bus.outbox
            where topic = $1 and aggregate = $2
            order by number
            limit $3"#,
        topic.name,
        aggregate,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Record {
                topic,
                aggregate: aggregate.to_owned(),
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
