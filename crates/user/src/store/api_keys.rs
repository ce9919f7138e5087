//! The table `api_keys`.

use chrono::{DateTime, Utc};
use contracts::Role;
use ids::ApiKeyId;
use sqlx::{PgConnection, PgPool};
use uuid::Uuid;

use crate::domain::credential::Credential;
use crate::domain::roles::{self, Granted};

/// A key as it may be shown: without itself.
#[derive(Debug, Clone)]
pub(crate) struct ApiKey {
    pub(crate) id: ApiKeyId,
    pub(crate) name: String,
    pub(crate) hint: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) created_by: String,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
    pub(crate) revoked_at: Option<DateTime<Utc>>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
}

struct Row {
    id: Uuid,
    name: String,
    hint: String,
    roles: Vec<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    expires_at: Option<DateTime<Utc>>,
    revoked_at: Option<DateTime<Utc>>,
    last_used_at: Option<DateTime<Utc>>,
}

impl From<Row> for ApiKey {
    fn from(row: Row) -> Self {
        Self {
            id: ApiKeyId::from_uuid(row.id),
            name: row.name,
            hint: row.hint,
            roles: roles::from_texts(&row.roles),
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        }
    }
}

/// A key that holds.
pub(crate) struct Live {
    pub(crate) id: ApiKeyId,
    pub(crate) roles: Vec<Role>,
    pub(crate) last_used_at: Option<DateTime<Utc>>,
}

/// A key to be made.
pub(crate) struct Fresh<'a> {
    pub(crate) id: ApiKeyId,
    pub(crate) name: &'a str,
    pub(crate) key: &'a Credential,
    pub(crate) roles: &'a Granted,
    pub(crate) created_by: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Adds a key.
pub(crate) async fn insert(conn: &mut PgConnection, fresh: &Fresh<'_>) -> Result<ApiKey, sqlx::Error> {
    let hash = fresh.key.hash();
    let row = sqlx::query_as!(
        Row,
        "insert into api_keys (id, name, key_hash, hint, roles, created_by, created_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)
         returning id, name, hint, roles, created_by, created_at, expires_at, revoked_at, last_used_at",
        fresh.id.as_uuid(),
        fresh.name,
        hash.as_slice(),
        fresh.key.hint(),
        &fresh.roles.texts(),
        fresh.created_by,
        fresh.now,
        fresh.expires_at
    )
    .fetch_one(conn)
    .await?;
    Ok(row.into())
}

/// The key of that id.
pub(crate) async fn get(pool: &PgPool, id: ApiKeyId) -> Result<Option<ApiKey>, sqlx::Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, hint, roles, created_by, created_at, expires_at, revoked_at, last_used_at
           from api_keys where id = $1",
        id.as_uuid()
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(ApiKey::from))
}

/// Keys before `last`, newest first, revoked ones too.
pub(crate) async fn page(pool: &PgPool, last: Option<Uuid>, limit: i64) -> Result<Vec<ApiKey>, sqlx::Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, hint, roles, created_by, created_at, expires_at, revoked_at, last_used_at
           from api_keys where $1::uuid is null or id < $1 order by id desc limit $2",
        last,
        limit
    )
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(ApiKey::from).collect())
}

/// The key of that hash, if it holds at `now`.
pub(crate) async fn live(
    pool: &PgPool,
    key_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Live>, sqlx::Error> {
    let row = sqlx::query!(
        "select id, roles, last_used_at from api_keys
          where key_hash = $1 and revoked_at is null and (expires_at is null or expires_at > $2)",
        key_hash.as_slice(),
        now
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Live {
        id: ApiKeyId::from_uuid(row.id),
        roles: roles::from_texts(&row.roles),
        last_used_at: row.last_used_at,
    }))
}

/// Whether there is a key of that hash, holding or not.
pub(crate) async fn is_known(conn: &mut PgConnection, key_hash: &[u8; 32]) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar!(
        r#"select exists (select from api_keys where key_hash = $1) as "known!""#,
        key_hash.as_slice()
    )
    .fetch_one(conn)
    .await
}

/// Notes that a key was used.
pub(crate) async fn note_use(
    conn: &mut PgConnection,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update api_keys set last_used_at = $2 where id = $1 and (last_used_at is null or last_used_at < $2)",
        id.as_uuid(),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Revokes a key; one that is revoked keeps its time. False where there is no such key.
pub(crate) async fn revoke(
    conn: &mut PgConnection,
    id: ApiKeyId,
    now: DateTime<Utc>,
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update api_keys set revoked_at = coalesce(revoked_at, $2) where id = $1",
        id.as_uuid(),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}
