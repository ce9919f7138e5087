//! What is going on, over several tables.

use chrono::{DateTime, Utc};
use sqlx::PgPool;

/// Counts of what is on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Lines that can't be priced yet.
    pub waiting_lines: i64,
    /// Of those, lines that a contract in force could not price.
    pub problem_lines: i64,
    /// Reversals whose line can't be priced yet, or that can't be placed.
    pub waiting_reversals: i64,
    /// What disputes take of lines that can't be priced yet, or can't be placed.
    pub waiting_disputed_lines: i64,
    /// Requests to look at waiting lines again.
    pub pricing_requests: i64,
    /// Windows that take lines and are not requested.
    pub open_windows: i64,
    /// Of those, windows whose last day is over.
    pub ended_windows_open: i64,
    /// Windows that are to be settled.
    pub requested_windows: i64,
    /// Holds that last.
    pub holds: i64,
}

/// Counts at `now`.
pub async fn counts(pool: &PgPool, now: DateTime<Utc>) -> Result<Counts, sqlx::Error> {
    sqlx::query_as!(
        Counts,
        r#"select (select count(*) from waiting_lines) as "waiting_lines!",
                  (select count(*) from waiting_lines where problem is not null) as "problem_lines!",
                  (select count(*) from waiting_reversals) as "waiting_reversals!",
                  (select count(*) from waiting_disputed_lines) as "waiting_disputed_lines!",
                  (select count(*) from pricing_requests) as "pricing_requests!",
                  (select count(*) from windows where state = 'open') as "open_windows!",
                  (select count(*) from windows where state = 'open' and ends_at <= $1) as "ended_windows_open!",
                  (select count(*) from windows where state = 'requested') as "requested_windows!",
                  (select count(*) from holds where released_at is null and expires_at > $1) as "holds!""#,
        now
    )
    .fetch_one(pool)
    .await
}
