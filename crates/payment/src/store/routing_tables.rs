//! The table `routing_tables`: what operators decided about who is asked, version by version.

use chrono::{DateTime, Utc};
use serde_json::Value;
use sqlx::PgConnection;

use super::value;
use crate::domain::{RoutingTable, Rule};

/// A version, with who wrote it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// What was decided.
    pub table: RoutingTable,
    /// By whom.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// The last version, which decides; none while there is none.
pub async fn newest(conn: &mut PgConnection) -> Result<Option<Written>, sqlx::Error> {
    let row = sqlx::query!(
        "select version, rules, created_by, created_at from routing_tables order by version desc limit 1"
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Written {
        table: RoutingTable {
            version: row.version,
            rules: read(row.rules)?,
        },
        created_by: row.created_by,
        created_at: row.created_at,
    }))
}

/// Writes the version after `expected`; false where that is not the last one (any more).
pub async fn insert(
    conn: &mut PgConnection,
    expected: i32,
    rules: &[Rule],
    created_by: &str,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let rules = serde_json::to_value(rules).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let done = sqlx::query!(
        "insert into routing_tables (version, rules, created_by, created_at)
         select $1::int + 1, $2, $3,
                -- After the one before it, though another copy's clock be ahead of this one's.
                greatest($4::timestamptz, (select max(created_at) + interval '1 microsecond' from routing_tables))
          where $1 = (select coalesce(max(version), 0) from routing_tables)
         -- Of two who replace the same version one comes first.
         on conflict on constraint routing_tables_pk do nothing",
        expected,
        rules,
        created_by,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

fn read(rules: Value) -> Result<Vec<Rule>, sqlx::Error> {
    value(serde_json::from_value(rules).ok(), "rules")
}
