//! The table `webhooks`: what connectors told, byte by byte.

mod listing;

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use super::word;
use crate::connectors::VerifiedWebhook;
use crate::domain::ConnectorName;

pub use listing::{Wanted, list};

/// A webhook that someone has taken up until its lease ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Taken {
    /// Who told it.
    pub connector: ConnectorName,
    /// The connector's own name for the event.
    pub event_id: String,
    /// What was told.
    pub body: Vec<u8>,
    /// When it came.
    pub received_at: DateTime<Utc>,
    /// Which taking up this is: 1, 2, 3, ...
    pub attempts: i32,
}

/// Stores it; false where the event is here already.
pub async fn insert(
    conn: &mut PgConnection,
    connector: ConnectorName,
    webhook: &VerifiedWebhook,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into webhooks (connector, event_id, body, received_at, state, due_at)
         values ($1, $2, $3, $4, 'waiting', $4)
         on conflict on constraint webhooks_pk do nothing",
        connector.as_str(),
        webhook.event_id,
        webhook.body.as_ref(),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes up webhooks that are due, in the order in which they came. What another copy works on is left out.
pub async fn take_due(
    conn: &mut PgConnection,
    now: DateTime<Utc>,
    lease_until: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Taken>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"with due as (
               select connector, event_id from webhooks
                where state = 'waiting' and due_at <= $1
                order by due_at limit $3 for update skip locked),
           taken as (
               update webhooks w set due_at = $2, attempts = w.attempts + 1
                 from due where w.connector = due.connector and w.event_id = due.event_id
               returning w.*)
           select connector as "connector!", event_id as "event_id!", body as "body!", received_at as "received_at!",
                  attempts as "attempts!"
             from taken order by received_at, event_id"#,
        now,
        lease_until,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| {
            Ok(Taken {
                connector: word(&row.connector)?,
                event_id: row.event_id,
                body: row.body,
                received_at: row.received_at,
                attempts: row.attempts,
            })
        })
        .collect()
}

/// How a webhook was worked on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
    /// What it told is written.
    Done,
    /// Nothing here belongs to it, for this reason.
    Ignored(String),
    /// It tells the opposite of what is known here, for this reason. Kept as ignored: a person has to look at it.
    Contradicted(String),
    /// Not yet, for this reason; it is taken up again at this time.
    Waiting(String, DateTime<Utc>),
}

/// Notes what became of it.
pub async fn settle(conn: &mut PgConnection, taken: &Taken, fate: &Fate) -> Result<(), sqlx::Error> {
    let (state, problem, due_at) = match fate {
        Fate::Done => ("done", None, None),
        Fate::Ignored(why) | Fate::Contradicted(why) => ("ignored", Some(why.as_str()), None),
        Fate::Waiting(why, due_at) => ("waiting", Some(why.as_str()), Some(*due_at)),
    };
    sqlx::query!(
        "update webhooks set state = $3, problem = $4, due_at = $5
          where connector = $1 and event_id = $2 and state = 'waiting' and attempts = $6",
        taken.connector.as_str(),
        taken.event_id,
        state,
        problem,
        due_at,
        taken.attempts
    )
    .execute(conn)
    .await?;
    Ok(())
}
