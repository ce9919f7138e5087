//! The table `sessions`.

use chrono::{DateTime, Utc};
use ids::{SessionId, UserId};
use sqlx::{PgConnection, PgPool};

/// A session that holds, and whose it is.
pub(crate) struct Live {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) expires_at: DateTime<Utc>,
    /// The user's version.
    pub(crate) version: i32,
}

/// A session that begins.
pub(crate) struct Fresh<'a> {
    pub(crate) id: SessionId,
    pub(crate) user: UserId,
    pub(crate) token_hash: &'a [u8; 32],
    /// What the password was checked against.
    pub(crate) password_hash: &'a str,
    pub(crate) now: DateTime<Utc>,
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a session, unless the user was deactivated or got another password since the password was checked.
pub(crate) async fn begin(conn: &mut PgConnection, fresh: &Fresh<'_>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "insert into sessions (id, user_id, token_hash, created_at, expires_at)
         select $1, u.id, $3, $5, $6
           from (select id from users where id = $2 and active and password_hash = $4 for share) u",
        fresh.id.as_uuid(),
        fresh.user.as_uuid(),
        fresh.token_hash.as_slice(),
        fresh.password_hash,
        fresh.now,
        fresh.expires_at
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The session of a token, if it holds at `now` and its user is active.
pub(crate) async fn live(
    pool: &PgPool,
    token_hash: &[u8; 32],
    now: DateTime<Utc>,
) -> Result<Option<Live>, sqlx::Error> {
    let row = sqlx::query!(
        "select s.id, s.user_id, s.expires_at, u.version
           from sessions s join users u on u.id = s.user_id
          where s.token_hash = $1 and s.expires_at > $2 and u.active",
        token_hash.as_slice(),
        now
    )
    .fetch_optional(pool)
    .await?;
    Ok(row.map(|row| Live {
        id: SessionId::from_uuid(row.id),
        user: UserId::from_uuid(row.user_id),
        expires_at: row.expires_at,
        version: row.version,
    }))
}

/// Moves a session's end on, never back: of two requests at once the later end stays.
pub(crate) async fn renew(
    conn: &mut PgConnection,
    id: SessionId,
    expires_at: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update sessions set expires_at = $2 where id = $1 and expires_at < $2",
        id.as_uuid(),
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Ends the session of a token, if it is that user's.
pub(crate) async fn end(
    conn: &mut PgConnection,
    user: UserId,
    token_hash: &[u8; 32],
) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "delete from sessions where token_hash = $1 and user_id = $2",
        token_hash.as_slice(),
        user.as_uuid()
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Ends all sessions of a user.
pub(crate) async fn end_all(conn: &mut PgConnection, user: UserId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from sessions where user_id = $1", user.as_uuid())
        .execute(conn)
        .await?;
    Ok(())
}

/// Deletes sessions that are over, at most 10,000; returns how many.
pub(crate) async fn purge(conn: &mut PgConnection, now: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from sessions where id in
            (select id from sessions where expires_at <= $1 order by expires_at limit 10000 for update skip locked)",
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
