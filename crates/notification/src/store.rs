//! The table `notifications`.
#![allow(
    clippy::as_conversions,
    reason = "in the query macros it names the type of an array of borrowed texts; nothing is converted"
)]

use chrono::{DateTime, Utc};
use ids::NotificationId;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::{Kind, Message, Notification};
use crate::error::Error;

struct Row {
    id: Uuid,
    kind: String,
    subject: String,
    event_id: Uuid,
    title: String,
    body: String,
    occurred_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    read_at: Option<DateTime<Utc>>,
}

impl TryFrom<Row> for Notification {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let kind = Kind::named(&row.kind).ok_or(Error::UnknownKind(row.kind))?;
        Ok(Self {
            id: NotificationId::from_uuid(row.id),
            event_id: row.event_id,
            message: Message {
                kind,
                subject: row.subject,
                title: row.title,
                body: row.body,
            },
            occurred_at: row.occurred_at,
            created_at: row.created_at,
            read_at: row.read_at,
        })
    }
}

/// Inserts a batch in one statement. Those whose event has a notification already are left out.
pub(crate) async fn insert_new(conn: &mut PgConnection, fresh: &[Notification]) -> Result<(), sqlx::Error> {
    let ids: Vec<Uuid> = fresh.iter().map(|n| n.id.as_uuid()).collect();
    let kinds: Vec<&str> = fresh.iter().map(|n| n.message.kind.as_str()).collect();
    let subjects: Vec<&str> = fresh.iter().map(|n| n.message.subject.as_str()).collect();
    let events: Vec<Uuid> = fresh.iter().map(|n| n.event_id).collect();
    let titles: Vec<&str> = fresh.iter().map(|n| n.message.title.as_str()).collect();
    let bodies: Vec<&str> = fresh.iter().map(|n| n.message.body.as_str()).collect();
    let occurred: Vec<DateTime<Utc>> = fresh.iter().map(|n| n.occurred_at).collect();
    let created: Vec<DateTime<Utc>> = fresh.iter().map(|n| n.created_at).collect();
    sqlx::query!(
        "insert into notifications (id, kind, subject, event_id, title, body, occurred_at, created_at)
         select * from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[], $5::text[], $6::text[],
                              $7::timestamptz[], $8::timestamptz[])
             on conflict on constraint notifications_event_unique do nothing",
        &ids,
        &kinds as &[&str],
        &subjects as &[&str],
        &events,
        &titles as &[&str],
        &bodies as &[&str],
        &occurred,
        &created
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Notes when it was read, unless it was before. None: there is no such notification.
pub(crate) async fn mark_read(
    conn: &mut PgConnection,
    id: NotificationId,
    now: DateTime<Utc>,
) -> Result<Option<Notification>, Error> {
    sqlx::query_as!(
        Row,
        "update notifications set read_at = coalesce(read_at, $2) where id = $1
         returning id, kind, subject, event_id, title, body, occurred_at, created_at, read_at",
        id.as_uuid(),
        now
    )
    .fetch_optional(conn)
    .await?
    .map(Notification::try_from)
    .transpose()
}

/// At most `limit` notifications before `before`, the newest first.
pub(crate) async fn page(
    pool: &PgPool,
    kind: Option<Kind>,
    unread: Option<bool>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Notification>, Error> {
    sqlx::query_as!(
        Row,
        "select id, kind, subject, event_id, title, body, occurred_at, created_at, read_at
           from notifications
          where ($1::uuid is null or id < $1)
            and ($2::text is null or kind = $2)
            and ($3::boolean is null or (read_at is null) = $3)
          order by id desc
          limit $4",
        before,
        kind.map(Kind::as_str),
        unread,
        limit
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(Notification::try_from)
    .collect()
}
