//! The table `partners`.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use contracts::events::PartnerStatus;
use ids::PartnerId;
use sqlx::PgConnection;
use uuid::Uuid;

use super::known;
use crate::domain::{Partner, PartnerChange, kind_text, kind_word, status_text, status_word};
use crate::error::Error;

struct Row {
    id: Uuid,
    reference: String,
    name: String,
    kind: String,
    status: String,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl TryFrom<Row> for Partner {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: PartnerId::from_uuid(row.id),
            kind: known("a partner's kind", &row.kind, kind_word(&row.kind))?,
            status: known("a partner's status", &row.status, status_word(&row.status))?,
            reference: row.reference,
            name: row.name,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn all(rows: Vec<Row>) -> Result<Vec<Partner>, Error> {
    rows.into_iter().map(Partner::try_from).collect()
}

/// Inserts those whose reference is free, and returns which. They must come in the order of their references, so
/// that two batches wait for each other instead of deadlocking.
pub(crate) async fn insert_missing(
    conn: &mut PgConnection,
    partners: &[Partner],
) -> Result<HashSet<PartnerId>, Error> {
    let ids: Vec<Uuid> = partners.iter().map(|p| p.id.as_uuid()).collect();
    let references: Vec<&str> = partners.iter().map(|p| p.reference.as_str()).collect();
    let names: Vec<&str> = partners.iter().map(|p| p.name.as_str()).collect();
    let kinds: Vec<&str> = partners.iter().map(|p| kind_text(p.kind)).collect();
    let times: Vec<DateTime<Utc>> = partners.iter().map(|p| p.created_at).collect();
    let inserted = sqlx::query_scalar!(
        "insert into partners (id, reference, name, kind, created_at, updated_at)
         select id, reference, name, kind, at, at
           from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::timestamptz[]) with ordinality
                as fresh (id, reference, name, kind, at, place)
          order by place
             on conflict on constraint partners_reference_unique do nothing
         returning id",
        &ids,
        &references as &[&str],
        &names as &[&str],
        &kinds as &[&str],
        &times
    )
    .fetch_all(conn)
    .await?;
    Ok(inserted.into_iter().map(PartnerId::from_uuid).collect())
}

/// Changes what differs, and counts the version up. None: there is no such partner, or it is so already.
pub(crate) async fn change(
    conn: &mut PgConnection,
    id: PartnerId,
    change: &PartnerChange,
    now: DateTime<Utc>,
) -> Result<Option<Partner>, Error> {
    sqlx::query_as!(
        Row,
        "update partners
            set name = coalesce($2, name), status = coalesce($3, status), version = version + 1, updated_at = $4
          where id = $1 and (name, status) is distinct from (coalesce($2, name), coalesce($3, status))
         returning id, reference, name, kind, status, version, created_at, updated_at",
        id.as_uuid(),
        change.name.as_deref(),
        change.status.map(status_text),
        now
    )
    .fetch_optional(conn)
    .await?
    .map(Partner::try_from)
    .transpose()
}

/// The partner of that id.
pub(crate) async fn find(conn: &mut PgConnection, id: PartnerId) -> Result<Option<Partner>, Error> {
    Ok(find_all(conn, &[id]).await?.pop())
}

/// The partners of those ids; unknown ones are left out.
pub(crate) async fn find_all(conn: &mut PgConnection, ids: &[PartnerId]) -> Result<Vec<Partner>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.as_uuid()).collect();
    let rows = sqlx::query_as!(
        Row,
        "select id, reference, name, kind, status, version, created_at, updated_at
           from partners where id = any($1) order by id",
        &ids
    )
    .fetch_all(conn)
    .await?;
    all(rows)
}

/// The partners of those references; unknown ones are left out.
pub(crate) async fn by_references(
    conn: &mut PgConnection,
    references: &[&str],
) -> Result<Vec<Partner>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, reference, name, kind, status, version, created_at, updated_at
           from partners where reference = any($1) order by id",
        references as &[&str]
    )
    .fetch_all(conn)
    .await?;
    all(rows)
}

/// At most `limit` partners before `before`, the newest first.
pub(crate) async fn page(
    conn: &mut PgConnection,
    reference: Option<&str>,
    status: Option<PartnerStatus>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Partner>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, reference, name, kind, status, version, created_at, updated_at
           from partners
          where ($1::uuid is null or id < $1)
            and ($2::text is null or reference = $2)
            and ($3::text is null or status = $3)
          order by id desc
          limit $4",
        before,
        reference,
        status.map(status_text),
        limit
    )
    .fetch_all(conn)
    .await?;
    all(rows)
}
