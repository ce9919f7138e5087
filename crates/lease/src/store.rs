//! The table `lease.leases`.

use std::time::Duration;

use sqlx::PgConnection;
use uuid::Uuid;

/// Takes the lease if it is free or has run out, or extends it; gives its token, or none where another copy has it.
/// The token stays while the holder does: what he wrote under it is still his.
pub(crate) async fn take(
    conn: &mut PgConnection,
    name: &str,
    holder: Uuid,
    length: Duration,
) -> Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar!(
        "insert into lease.leases (name, holder, token, expires_at)
         values ($1, $2, 1, clock_timestamp() + make_interval(secs => $3::bigint / 1000.0))
         on conflict on constraint leases_pk do update
            set holder = excluded.holder,
                token = case when leases.holder = excluded.holder then leases.token else leases.token + 1 end,
                expires_at = excluded.expires_at
          where leases.holder = excluded.holder or leases.expires_at < clock_timestamp()
         returning token",
        name,
        holder,
        i64::try_from(length.as_millis()).unwrap_or(i64::MAX)
    )
    .fetch_optional(conn)
    .await
}

/// Whether that token is the current one; if so, the lease does not change hands until the transaction ends. A leader
/// that hangs in it must not keep the others out for longer than its lease: the server ends a transaction in which
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
              for share"#,
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
