//! The table `lease.leases`.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

/// Extends the lease, takes it over if it has run out, or takes it first; gives its token, or none where another copy
/// has it. The token stays while the holder does: what he wrote under it is still his. A row that is not ours to change
/// is not locked either; and should this copy hang before it commits, the server ends that soon.
pub(crate) async fn take(
    conn: &mut PgConnection,
    name: &str,
    holder: Uuid,
    length: Duration,
) -> Result<Option<i64>, sqlx::Error> {
    let taken = sqlx::query_file!(
        "src/take.sql",
        name,
        holder,
        millis(length),
        length.as_millis().to_string()
    );
    Ok(taken.fetch_optional(conn).await?.map(|row| row.token))
}

fn millis(length: Duration) -> i64 {
    i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
}

/// Whether that token is the current one; if so, the lease does not change hands until the transaction ends, while it
/// can be extended: see `leases_fenced`. A leader that hangs in it must not keep the others out for longer than its lease: the server ends a transaction in which
/// nothing happens for as long.
pub(crate) async fn holds(
    conn: &mut PgConnection,
    name: &str,
    holder: Uuid,
    token: i64,
    length: Duration,
) -> Result<bool, sqlx::Error> {
    let row = sqlx::query_scalar!(
        r#"select set_config('idle_in_transaction_session_timeout', $4, true) as "limit!"
             from lease.leases where name = $1 and holder = $2 and token = $3
              for key share"#,
        name,
        holder,
        token,
        length.as_millis().to_string()
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.is_some())
}

/// Lets the lease run out now, if it is still ours.
pub(crate) async fn release(
    conn: &mut PgConnection,
    name: &str,
    holder: Uuid,
    token: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "update lease.leases set expires_at = '-infinity' where name = $1 and holder = $2 and token = $3",
        name,
        holder,
        token
    )
    .execute(conn)
    .await?;
    Ok(())
}
