//! The table `settlement_schedules` (정산 스케줄).

use chrono::{DateTime, NaiveDate, Utc};
use ids::{ContractId, PartnerId};
use serde::Serialize;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};
use utoipa::ToSchema;
use uuid::Uuid;

use super::{account, columns, ids_shown, unreadable};
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::schedule::Schedule;

/// Writes the schedules of these accounts, of which there is one each.
pub async fn write(
    conn: &mut PgConnection,
    schedules: &[(Account, Schedule<'_>)],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    // One order for all, so that two transactions wait for each other and don't deadlock.
    let mut schedules: Vec<&(Account, Schedule<'_>)> = schedules.iter().collect();
    schedules.sort_by_key(|(account, _)| *account);
    let each = || schedules.iter().map(|(_, schedule)| schedule);
    let next = || schedules.iter().map(|(_, schedule)| schedule.next.as_ref().ok());
    let terms = || schedules.iter().map(|(_, schedule)| &schedule.version.terms);
    let json = |values: Result<Vec<Value>, serde_json::Error>| {
        values.map_err(|e| unreadable("a settlement cycle", &e))
    };
    let (partners, currencies) = columns(schedules.iter().map(|(account, _)| account));
    sqlx::query_file!(
        "src/store/write_schedules.sql",
        &each().map(|_| Uuid::now_v7()).collect::<Vec<_>>(),
        &partners,
        &currencies as &[&str],
        &each()
            .map(|s| s.version.contract_id.as_uuid())
            .collect::<Vec<_>>(),
        &each().map(|s| s.version.version).collect::<Vec<_>>(),
        &terms().map(|t| t.time_zone.name()).collect::<Vec<_>>() as &[&str],
        &json(terms().map(|t| serde_json::to_value(&t.cycle)).collect())?,
        &json(terms().map(|t| serde_json::to_value(t.payout)).collect())?,
        &terms().map(|t| t.holidays.as_str()).collect::<Vec<_>>() as &[&str],
        &next().map(|n| n.map(|n| n.days.starts_on)).collect::<Vec<_>>() as &[Option<NaiveDate>],
        &next().map(|n| n.map(|n| n.days.ends_on)).collect::<Vec<_>>() as &[Option<NaiveDate>],
        &next().map(|n| n.map(|n| n.closes_at)).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &next().map(|n| n.map(|n| n.due_on)).collect::<Vec<_>>() as &[Option<NaiveDate>],
        &next().map(|n| n.map(|n| n.calendar_version)).collect::<Vec<_>>() as &[Option<&str>],
        &each().map(|s| s.changes_at).collect::<Vec<_>>() as &[Option<DateTime<Utc>>],
        &each()
            .map(|s| s.next.as_ref().err().map(ToString::to_string))
            .collect::<Vec<_>>() as &[Option<String>],
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Accounts whose schedule is to be worked out anew, at most `limit`; locked until the transaction ends.
pub async fn due(conn: &mut PgConnection, now: DateTime<Utc>, limit: i64) -> Result<Vec<Account>, Error> {
    let rows = sqlx::query!(
        "select partner_id, currency from settlement_schedules
          where changes_at <= $1 order by changes_at limit $2 for update skip locked",
        now,
        limit
    )
    .fetch_all(conn)
    .await?;
    rows.into_iter()
        .map(|row| account(row.partner_id, &row.currency))
        .collect()
}

/// A row of the table, as it is shown.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ScheduleRow {
    /// A number of its own, for paging.
    #[serde(skip)]
    pub id: Uuid,
    /// Whose it is.
    #[serde(serialize_with = "ids_shown::partner")]
    #[schema(value_type = PartnerId)]
    pub partner_id: Uuid,
    /// The currency of its sales.
    pub currency: String,
    /// The contract.
    #[serde(serialize_with = "ids_shown::contract")]
    #[schema(value_type = ContractId)]
    pub contract_id: Uuid,
    /// The version in force, or the first to come.
    pub contract_version: i32,
    /// Where its days begin and end.
    pub time_zone: String,
    /// When windows close: the cycle of the contract.
    #[schema(value_type = Object)]
    pub cycle: Value,
    /// When a closed window is paid: the term of the contract.
    #[schema(value_type = Object)]
    pub payout: Value,
    /// Whose holidays count.
    pub holidays: String,
    /// First day of the window that closes next.
    pub window_starts_on: Option<NaiveDate>,
    /// Last day of the window that closes next.
    pub next_closing_on: Option<NaiveDate>,
    /// The first instant after it.
    pub closes_at: Option<DateTime<Utc>>,
    /// When it is to be paid.
    pub due_on: Option<NaiveDate>,
    /// The version of the holiday calendar.
    pub calendar_version: Option<String>,
    /// Why there is no next closing day or due date.
    pub problem: Option<String>,
    /// When this was worked out.
    pub updated_at: DateTime<Utc>,
}

/// Schedules, newest first, after `last`, at most `limit`.
pub async fn list(
    pool: &PgPool,
    partner_id: Option<PartnerId>,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<ScheduleRow>, sqlx::Error> {
    sqlx::query_as!(
        ScheduleRow,
        "select id, partner_id, currency, contract_id, contract_version, time_zone, cycle, payout, holidays,
                window_starts_on, next_closing_on, closes_at, due_on, calendar_version, problem, updated_at
           from settlement_schedules
          where ($1::uuid is null or partner_id = $1) and ($2::uuid is null or id < $2)
          order by id desc limit $3",
        partner_id.map(PartnerId::as_uuid),
        last,
        limit
    )
    .fetch_all(pool)
    .await
}
