//! Windows: each is one of the cycle of a contract.

use calendar::TimeZone;
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::{differ, every_row};
use crate::VerifyError;
use crate::databases::Databases;
use crate::report::Check;
use crate::terms::{Contracts, days};

pub(super) async fn check(
    databases: &Databases,
    contracts: &Contracts,
    checks: &mut Vec<Check>,
) -> Result<(), VerifyError> {
    let mut check = databases.check("windows", "windows are those of the contracts' cycles");
    let sql = include_str!("../sql/settlement/windows.sql");
    every_row(databases, "windows", sql, &mut check, |window: &WindowRow| {
        (format!("win:{}", window.id), window.faults(contracts))
    })
    .await?;
    check.done(checks);
    Ok(())
}

#[derive(Debug, FromRow)]
struct WindowRow {
    id: Uuid,
    partner_id: Uuid,
    currency: String,
    starts_on: NaiveDate,
    ends_on: NaiveDate,
    time_zone: String,
    ends_at: DateTime<Utc>,
}

impl WindowRow {
    fn faults(&self, contracts: &Contracts) -> Vec<String> {
        let mut faults = Vec::new();
        let stands = days(self.starts_on, self.ends_on);
        match TimeZone::parse(&self.time_zone) {
            Ok(zone) => differ(&mut faults, "ends_at", stands.end_at(zone), self.ends_at),
            Err(error) => faults.push(error.to_string()),
        }
        let account = (self.partner_id, self.currency.clone());
        let is_one = contracts.of(&account).iter().any(|version| {
            version.terms.time_zone.name() == self.time_zone
                && version.window_of(self.ends_on).as_ref() == Ok(&stands)
        });
        if !is_one {
            faults.push(format!(
                "{} to {} ({}) is no window of its partner's contracts",
                self.starts_on, self.ends_on, self.time_zone
            ));
        }
        faults
    }
}
