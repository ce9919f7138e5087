//! The table `periods`: months that were posted to or closed.

use std::collections::BTreeSet;

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::{PgConnection, PgPool};

use crate::domain::{Entry, Month, Period, PeriodState};

use super::unreadable;

struct Row {
    period: NaiveDate,
    state: String,
    closed_at: Option<DateTime<Utc>>,
    closed_by: Option<String>,
}

impl TryFrom<Row> for Period {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, sqlx::Error> {
        Ok(Self {
            month: Month::of(row.period),
            state: match row.state.as_str() {
                "open" => PeriodState::Open,
                "closed" => PeriodState::Closed,
                other => return Err(unreadable("state of a period", other)),
            },
            closed_at: row.closed_at,
            closed_by: row.closed_by,
        })
    }
}

/// Notes the months of these entries.
pub(crate) async fn note(conn: &mut PgConnection, book: &str, entries: &[Entry]) -> Result<(), sqlx::Error> {
    let months: BTreeSet<Month> = entries.iter().map(|entry| Month::of(entry.posted_on)).collect();
    let days: Vec<NaiveDate> = months.into_iter().map(Month::first_day).collect();
    sqlx::query!(
        "insert into periods (book, period)
         select $1, period from unnest($2::date[]) as noted (period) order by period
         on conflict on constraint periods_pk do nothing",
        book,
        &days
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// The first month before `period` that is open.
pub(crate) async fn first_open_before(
    conn: &mut PgConnection,
    book: &str,
    period: Month,
) -> Result<Option<Month>, sqlx::Error> {
    let first = sqlx::query_scalar!(
        "select min(period) from periods where book = $1 and period < $2 and state = 'open'",
        book,
        period.first_day()
    )
    .fetch_one(conn)
    .await?;
    Ok(first.map(Month::of))
}

/// Closes a month; one that is closed stays as it is.
pub(crate) async fn close(
    conn: &mut PgConnection,
    book: &str,
    period: Month,
    closed_at: DateTime<Utc>,
    closed_by: &str,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into periods (book, period, state, closed_at, closed_by) values ($1, $2, 'closed', $3, $4)
         on conflict on constraint periods_pk do update
            set state = excluded.state, closed_at = excluded.closed_at, closed_by = excluded.closed_by
          where periods.state = 'open'",
        book,
        period.first_day(),
        closed_at,
        closed_by
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// One month, if it was posted to or closed.
pub(crate) async fn get(
    conn: &mut PgConnection,
    book: &str,
    period: Month,
) -> Result<Option<Period>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select period, state, closed_at, closed_by from periods where book = $1 and period = $2",
        book,
        period.first_day()
    )
    .fetch_optional(conn)
    .await?
    .map(Period::try_from)
    .transpose()
}

/// All months, newest first.
pub(crate) async fn list(pool: &PgPool, book: &str) -> Result<Vec<Period>, sqlx::Error> {
    sqlx::query_as!(
        Row,
        "select period, state, closed_at, closed_by from periods where book = $1 order by period desc",
        book
    )
    .fetch_all(pool)
    .await?
    .into_iter()
    .map(Period::try_from)
    .collect()
}
