//! The table `login_attempts`.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

/// Counts an attempt, unless the login is locked at `now`, and returns how many there were in a row. The count starts
/// afresh where the last attempt was before `stale`. Attempts under one login wait here for each other, so that no
/// number of parallel guesses gets past the lock.
pub(crate) async fn count(
    conn: &mut PgConnection,
    login_hash: &[u8; 32],
    now: DateTime<Utc>,
    stale: DateTime<Utc>,
) -> Result<Option<i32>, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into login_attempts as a (login_hash, attempts, last_at, locked_until) values ($1, 1, $2, $2)
         on conflict on constraint login_attempts_pk do update
            set attempts = case when a.last_at < $3 then 1 else least(a.attempts, 1000000) + 1 end, last_at = $2
          where a.locked_until <= $2
         returning attempts",
        login_hash.as_slice(),
        now,
        stale
    )
    .fetch_optional(conn)
    .await
}

/// Locks a login until then.
pub(crate) async fn lock(
    conn: &mut PgConnection,
    login_hash: &[u8; 32],
    until: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update login_attempts set locked_until = $2 where login_hash = $1",
        login_hash.as_slice(),
        until
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Until when a login is locked.
pub(crate) async fn locked_until(
    conn: &mut PgConnection,
    login_hash: &[u8; 32],
) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar!(
        "select locked_until from login_attempts where login_hash = $1",
        login_hash.as_slice()
    )
    .fetch_optional(conn)
    .await
}

/// Forgets the attempts of a login: one succeeded.
pub(crate) async fn clear(conn: &mut PgConnection, login_hash: &[u8; 32]) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "delete from login_attempts where login_hash = $1",
        login_hash.as_slice()
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Deletes counts whose last attempt was before `stale`, at most 10,000; returns how many.
pub(crate) async fn purge(conn: &mut PgConnection, stale: DateTime<Utc>) -> Result<u64, sqlx::Error> {
    let done = sqlx::query!(
        "delete from login_attempts where login_hash in
            (select login_hash from login_attempts where last_at < $1 order by last_at limit 10000
                for update skip locked)",
        stale
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}
