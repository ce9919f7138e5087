//! The table `holds`: what holds settlement back for a while.

use chrono::{DateTime, TimeDelta, Utc};
use ids::HoldId;
use serde::Serialize;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::ids_shown;

/// A hold.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Hold {
    /// Its id.
    #[serde(serialize_with = "ids_shown::hold")]
    #[schema(value_type = HoldId)]
    pub id: Uuid,
    /// Why it was taken.
    pub reason: String,
    /// Who took it.
    pub held_by: String,
    /// How long it lasts, and how long every renewal, in seconds.
    pub lease_seconds: i32,
    /// When it was taken.
    pub created_at: DateTime<Utc>,
    /// When it ends, unless it is renewed or released.
    pub expires_at: DateTime<Utc>,
    /// When it was released.
    pub released_at: Option<DateTime<Utc>>,
}

/// Takes a hold.
pub async fn insert(conn: &mut PgConnection, hold: &Hold) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into holds (id, reason, held_by, lease_seconds, created_at, expires_at) values ($1, $2, $3, $4, $5, $6)",
        hold.id,
        hold.reason,
        hold.held_by,
        hold.lease_seconds,
        hold.created_at,
        hold.expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The hold of that id, locked.
pub async fn lock(conn: &mut PgConnection, id: HoldId) -> Result<Option<Hold>, sqlx::Error> {
    sqlx::query_as!(
        Hold,
        "select id, reason, held_by, lease_seconds, created_at, expires_at, released_at
           from holds where id = $1 for update",
        id.as_uuid()
    )
    .fetch_optional(conn)
    .await
}

/// Lets a hold last for another lease from `now` on, and returns its new end.
pub async fn renew(
    conn: &mut PgConnection,
    hold: &Hold,
    now: DateTime<Utc>,
) -> Result<DateTime<Utc>, sqlx::Error> {
    let until = now + TimeDelta::seconds(hold.lease_seconds.into());
    sqlx::query!(
        "update holds set expires_at = $2 where id = $1 and released_at is null",
        hold.id,
        until
    )
    .execute(conn)
    .await?;
    Ok(until)
}

/// Ends a hold; one that was released keeps its time.
pub async fn release(conn: &mut PgConnection, id: HoldId, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update holds set released_at = coalesce(released_at, $2) where id = $1",
        id.as_uuid(),
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Holds that last, oldest first.
pub async fn running(pool: &PgPool, now: DateTime<Utc>) -> Result<Vec<Hold>, sqlx::Error> {
    sqlx::query_as!(
        Hold,
        "select id, reason, held_by, lease_seconds, created_at, expires_at, released_at
           from holds where released_at is null and expires_at > $1 order by id limit 100",
        now
    )
    .fetch_all(pool)
    .await
}

/// Whether anything holds settlement back, and the number of the last hold ever taken.
#[derive(Debug, Clone)]
pub struct Standing {
    /// The hold that lasts longest.
    pub running: Option<Hold>,
    /// 0 where there never was a hold.
    pub generation: i64,
}

/// How things stand now.
pub async fn standing(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<Standing, sqlx::Error> {
    let generation = sqlx::query_scalar!(r#"select coalesce(max(generation), 0) as "last!" from holds"#)
        .fetch_one(&mut *conn)
        .await?;
    let running = sqlx::query_as!(
        Hold,
        "select id, reason, held_by, lease_seconds, created_at, expires_at, released_at
           from holds where released_at is null and expires_at > $1 order by expires_at desc limit 1",
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(Standing { running, generation })
}

/// Keeps new holds out until the transaction ends: whoever requests settlements then sees all there are.
pub async fn keep_out(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query!("lock table holds in share mode")
        .execute(conn)
        .await?;
    Ok(())
}
