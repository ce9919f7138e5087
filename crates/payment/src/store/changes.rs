//! The table `changes`: what was asked of payments that existed, by whom and why.

use chrono::{DateTime, Utc};
use contracts::events::PaidLine;
use ids::{ChangeId, PaymentId};
use serde_json::Value;
use sqlx::PgConnection;

use super::{value, word};
use crate::domain::{Change, Command, Part};

/// A change with what is not needed to carry it out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// What is to be done.
    pub change: Change,
    /// The lines that an increment adds.
    pub added: Vec<PaidLine>,
    /// Why.
    pub reason: Option<String>,
    /// Who asked.
    pub requested_by: String,
}

/// Writes it.
pub async fn insert(
    conn: &mut PgConnection,
    payment: PaymentId,
    asked: &Asked,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let Change {
        id,
        command,
        amount_minor,
        parts,
        tender_number,
    } = &asked.change;
    let lines = match command {
        Command::Refund if !parts.is_empty() => serde_json::to_value(parts).map(Some),
        Command::Increment => serde_json::to_value(&asked.added).map(Some),
        _ => Ok(None),
    };
    let lines: Option<Value> = lines.map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    sqlx::query!(
        "insert into changes (change_id, payment_id, kind, amount_minor, lines, tender_number, reason, requested_by,
                              created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        id.as_uuid(),
        payment.as_uuid(),
        command.as_str(),
        command.operation().map(|_| *amount_minor),
        lines,
        *tender_number,
        asked.reason,
        asked.requested_by,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The change of that name.
pub async fn one(conn: &mut PgConnection, id: ChangeId) -> Result<Option<Asked>, sqlx::Error> {
    let row = sqlx::query!(
        "select kind, amount_minor, lines, tender_number, reason, requested_by from changes where change_id = $1",
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let command: Command = word(&row.kind)?;
    let mut parts: Vec<Part> = Vec::new();
    let mut added = Vec::new();
    if let Some(lines) = row.lines {
        match command {
            Command::Increment => added = value(serde_json::from_value(lines).ok(), "lines")?,
            _ => parts = value(serde_json::from_value(lines).ok(), "lines")?,
        }
    }
    Ok(Some(Asked {
        change: Change {
            id,
            command,
            amount_minor: row.amount_minor.unwrap_or(0),
            parts,
            tender_number: row.tender_number,
        },
        added,
        reason: row.reason,
        requested_by: row.requested_by,
    }))
}
