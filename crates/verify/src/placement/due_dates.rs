//! Statements: when each is due, and from what amount on it is paid.

use calendar::{CalendarError, Holidays};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{differ, every_row, is_overruled, knows_calendar};
use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::report::Check;
use crate::terms::{Contracts, Version, in_force_on};

pub(super) async fn check(
    databases: &Databases,
    contracts: &Contracts,
    checks: &mut Vec<Check>,
) -> Result<(), VerifyError> {
    let mut check = databases.check(
        "due_dates",
        "statements follow the contract in force: due date, minimum payout",
    );
    let sql = include_str!("../sql/settlement/due_dates.sql");
    every_row(databases, "due dates", sql, &mut check, |due: &Due| {
        (format!("stl:{}", due.id), due.faults(contracts))
    })
    .await?;
    check.done(checks);
    Ok(())
}

#[derive(Debug, FromRow)]
struct Due {
    id: Uuid,
    partner_id: Uuid,
    currency: String,
    ends_on: NaiveDate,
    due_on: NaiveDate,
    calendar_version: String,
    contract_id: Uuid,
    contract_version: i32,
    minimum_payout_minor: i64,
    settled_at: DateTime<Utc>,
}

impl Due {
    fn faults(&self, contracts: &Contracts) -> Vec<String> {
        let account = (self.partner_id, self.currency.clone());
        let Some(version) = contracts.version(&account, self.contract_id, self.contract_version) else {
            return vec![format!(
                "follows version {} of {}, which is not known",
                self.contract_version,
                names::known(&format!("con:{}", self.contract_id))
            )];
        };
        let mut faults = Vec::new();
        let versions = contracts.of(&account);
        let in_force = in_force_on(versions, self.ends_on);
        if is_overruled(versions, in_force, version, self.settled_at) {
            faults.push(format!(
                "version {} was not in force on {}",
                version.version, self.ends_on
            ));
        }
        differ(
            &mut faults,
            "minimum_payout_minor",
            version.terms.minimum_payout_minor,
            self.minimum_payout_minor,
        );
        if !knows_calendar(std::slice::from_ref(version), &self.calendar_version) {
            faults.push(format!("there is no calendar {}", self.calendar_version));
        }
        match due_on(version, self.ends_on) {
            // By an older calendar it may have been another day.
            Ok((_, calendar)) if calendar != self.calendar_version => {}
            Ok((wanted, _)) => differ(&mut faults, "due_on", wanted, self.due_on),
            Err(error) => faults.push(error.to_string()),
        }
        faults
    }
}

/// When a window that ends then is due, and by which version of the calendar.
pub(super) fn due_on(
    version: &Version,
    ends_on: NaiveDate,
) -> Result<(NaiveDate, &'static str), CalendarError> {
    let holidays = Holidays::named(&version.terms.holidays)?;
    Ok((
        version.terms.payout.due_on(holidays, ends_on)?,
        holidays.version(),
    ))
}
