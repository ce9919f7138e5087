//! Priced lines, windows, statements and schedules against the contracts: every price, every window, every due date
//! is worked out again.

mod disputes;
mod due_dates;
mod prices;
mod reversals;
mod schedules;
mod windows;

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::FromRow;
use sqlx::postgres::PgRow;

use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::report::Check;
use crate::snapshot::Rows;
use crate::terms::{Contracts, Version};

/// Every version that a holiday calendar ever had. A statement keeps the version that gave its due date; one that
/// never was is a break.
const CALENDARS: [&str; 4] = ["KR-2026.1", "BR-2026.1", "US-2026.1", "NONE-1"];

/// Clocks of two copies may differ by this much, and a line that is being priced does not see a contract that comes
/// in meanwhile.
const MARGIN: TimeDelta = TimeDelta::minutes(1);

/// Checks them all.
pub(crate) async fn check(
    databases: &Databases,
    contracts: &Contracts,
    checks: &mut Vec<Check>,
) -> Result<(), VerifyError> {
    prices::check(databases, contracts, checks).await?;
    windows::check(databases, contracts, checks).await?;
    due_dates::check(databases, contracts, checks).await?;
    schedules::check(databases, contracts, checks).await
}

/// Has `judge` look at every row of the settlement database that `sql` finds: what it is called, and its faults.
async fn every_row<R>(
    databases: &Databases,
    what: &str,
    sql: &str,
    check: &mut Check,
    mut judge: impl FnMut(&R) -> (String, Vec<String>),
) -> Result<(), VerifyError>
where
    R: for<'r> FromRow<'r, PgRow> + Send + Unpin,
{
    let mut rows: Rows<R> = databases.settlement.stream(what, sql).await?;
    while let Some(row) = rows.next().await? {
        check.examined += 1;
        let (thing, faults) = judge(&row);
        check.found_all(&names::known(&thing), faults);
    }
    Ok(())
}

/// Notes that two things differ.
fn differ<T: PartialEq + std::fmt::Debug>(faults: &mut Vec<String>, what: &str, wanted: T, stands: T) {
    if wanted != stands {
        faults.push(format!("{what}: wanted {wanted:?}, stands {stands:?}"));
    }
}

/// Whether another version than `version` was known to be in force by `at`.
fn is_overruled(
    versions: &[Version],
    in_force: Option<&Version>,
    version: &Version,
    at: DateTime<Utc>,
) -> bool {
    let place = |wanted: &Version| {
        versions
            .iter()
            .position(|v| (v.contract_id, v.version) == (wanted.contract_id, wanted.version))
    };
    match in_force {
        None => true,
        Some(now) if place(now) == place(version) => false,
        // A later version that reaches back came in afterwards.
        Some(now) => place(now) < place(version) || now.recorded_at + MARGIN < at,
    }
}

/// Whether it is a version, present or past, of a calendar that one of these contracts follows.
fn knows_calendar(versions: &[Version], calendar_version: &str) -> bool {
    CALENDARS.contains(&calendar_version)
        && versions.iter().any(|v| {
            calendar_version
                .strip_prefix(v.terms.holidays.as_str())
                .is_some_and(|rest| rest.starts_with('-'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use calendar::Holidays;

    #[test]
    fn every_present_calendar_is_in_the_list_of_those_that_ever_were() {
        for code in Holidays::CODES {
            let version = Holidays::named(code).unwrap().version();
            assert!(
                CALENDARS.contains(&version),
                "{version}: add it, and leave the older ones"
            );
        }
    }
}
