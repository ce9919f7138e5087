//! How the server plans.

use sqlx::PgConnection;

/// Has the statements of a transaction find each row by its key, from a plan that is made once. Otherwise a plan that was
/// made while the tables were small reads them from end to end, for as long as it is kept.
pub async fn by_key(conn: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query(
        "select set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true),
                set_config('enable_mergejoin', 'off', true), set_config('plan_cache_mode', 'force_generic_plan', true)",
    )
    .execute(conn)
    .await?;
    Ok(())
}
