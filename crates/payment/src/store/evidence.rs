//! The tables `dispute_evidence` and `dispute_files`.

use chrono::{DateTime, Utc};
use ids::{DisputeId, EvidenceId};
use sqlx::PgConnection;

use super::payments::Columns;
use super::word;
use crate::domain::evidence::{Evidence, EvidenceState, File};

/// Writes evidence that its connector is to be given by `due_at`.
pub async fn insert(
    conn: &mut PgConnection,
    evidence: &Evidence,
    due_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into dispute_evidence (evidence_id, dispute_id, text, submitted_by, submitted_at, state, due_at)
         values ($1, $2, $3, $4, $5, 'waiting', $6)",
        evidence.id.as_uuid(),
        evidence.dispute_id.as_uuid(),
        evidence.text,
        evidence.submitted_by,
        evidence.submitted_at,
        due_at
    )
    .execute(&mut *conn)
    .await?;
    let files = Columns(&evidence.files);
    sqlx::query!(
        "insert into dispute_files (evidence_id, number, name, content_type, content)
         select $1, f.* from unnest($2::int[], $3::text[], $4::text[], $5::bytea[]) as f",
        evidence.id.as_uuid(),
        &files.of(|file| file.number),
        &files.of(|file| file.name.as_str()) as &[&str],
        &files.of(|file| file.content_type.as_str()) as &[&str],
        &files.of(|file| file.content.as_slice()) as &[&[u8]]
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// What was said against a dispute, the oldest first.
pub async fn of_dispute(conn: &mut PgConnection, dispute: DisputeId) -> Result<Vec<Evidence>, sqlx::Error> {
    let rows = sqlx::query!(
        "select evidence_id, text, submitted_by, submitted_at, state, problem, attempts
           from dispute_evidence where dispute_id = $1 order by evidence_id",
        dispute.as_uuid()
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let id = EvidenceId::from_uuid(row.evidence_id);
        found.push(Evidence {
            id,
            dispute_id: dispute,
            text: row.text,
            files: files_of(conn, id).await?,
            submitted_by: row.submitted_by,
            submitted_at: row.submitted_at,
            state: word::<EvidenceState>(&row.state)?,
            problem: row.problem,
            attempts: row.attempts,
        });
    }
    Ok(found)
}

async fn files_of(conn: &mut PgConnection, evidence: EvidenceId) -> Result<Vec<File>, sqlx::Error> {
    let rows = sqlx::query!(
        "select number, name, content_type, content from dispute_files where evidence_id = $1 order by number",
        evidence.as_uuid()
    )
    .fetch_all(conn)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| File {
            number: row.number,
            name: row.name,
            content_type: row.content_type,
            content: row.content,
        })
        .collect())
}

/// Takes up evidence that is due; returns the disputes that it belongs to.
pub async fn take_due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<(DisputeId, EvidenceId)>, sqlx::Error> {
    let rows = sqlx::query!(
        "with due as (
             select evidence_id from dispute_evidence
              where state = 'waiting' and due_at <= $1
              order by due_at limit $3 for update skip locked)
         update dispute_evidence e set due_at = $2, attempts = e.attempts + 1
           from due where e.evidence_id = due.evidence_id
         returning e.dispute_id, e.evidence_id",
        now,
        lease_until,
        limit
    )
    .fetch_all(conn)
    .await?;
    let pair = |row: (uuid::Uuid, uuid::Uuid)| (DisputeId::from_uuid(row.0), EvidenceId::from_uuid(row.1));
    Ok(rows
        .into_iter()
        .map(|row| pair((row.dispute_id, row.evidence_id)))
        .collect())
}

/// Notes what the connector said to it; `due_at`: when it is given again, where it said nothing.
pub async fn settle(
    conn: &mut PgConnection,
    evidence: EvidenceId,
    state: EvidenceState,
    problem: Option<&str>,
    due_at: Option<DateTime<Utc>>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update dispute_evidence set state = $2, problem = $3, due_at = $4
          where evidence_id = $1 and state = 'waiting'",
        evidence.as_uuid(),
        state.as_str(),
        problem,
        due_at
    )
    .execute(conn)
    .await?;
    Ok(())
}
