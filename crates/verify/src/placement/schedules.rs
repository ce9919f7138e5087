//! Schedules: when the next window of every account closes.

use std::collections::HashSet;

use calendar::{CalendarError, Window};
use chrono::{DateTime, NaiveDate, Utc};
use sqlx::FromRow;
use uuid::Uuid;

use super::due_dates::due_on;
use super::{differ, every_row, knows_calendar};
use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::report::Check;
use crate::terms::{Account, Contracts, Version, in_force_at};

pub(super) async fn check(
    databases: &Databases,
    contracts: &Contracts,
    checks: &mut Vec<Check>,
) -> Result<(), VerifyError> {
    let mut check = databases.check(
        "schedules",
        "every account with a contract has a schedule, and it says when the next window closes",
    );
    let mut missing: HashSet<Account> = contracts.accounts().map(|(account, _)| account.clone()).collect();
    let sql = include_str!("../sql/settlement/schedules.sql");
    every_row(databases, "schedules", sql, &mut check, |schedule: &Schedule| {
        let account = (schedule.partner_id, schedule.currency.clone());
        missing.remove(&account);
        let faults = schedule.faults(contracts.of(&account));
        (format!("ptn:{}", schedule.partner_id), faults)
    })
    .await?;
    for (partner, currency) in missing {
        check.found(
            vec![names::known(&format!("ptn:{partner}")), currency],
            "has a contract and no schedule",
        );
    }
    check.done(checks);
    Ok(())
}

#[derive(Debug, FromRow)]
struct Schedule {
    partner_id: Uuid,
    currency: String,
    contract_id: Uuid,
    contract_version: i32,
    time_zone: String,
    cycle: String,
    payout: String,
    holidays: String,
    window_starts_on: Option<NaiveDate>,
    next_closing_on: Option<NaiveDate>,
    closes_at: Option<DateTime<Utc>>,
    due_on: Option<NaiveDate>,
    calendar_version: Option<String>,
    changes_at: Option<DateTime<Utc>>,
    problem: Option<String>,
    updated_at: DateTime<Utc>,
}

/// What closes next.
type Closing = (Window, DateTime<Utc>, NaiveDate, &'static str);

impl Schedule {
    /// The schedule as it was when it was worked out.
    fn faults(&self, versions: &[Version]) -> Vec<String> {
        let next = versions
            .iter()
            .filter(|v| v.starts_at() > self.updated_at)
            .min_by_key(|v| v.starts_at());
        let now = in_force_at(versions, self.updated_at)
            .map(|version| (version, version.terms.time_zone.date_of(self.updated_at)));
        let Some((version, day)) = now.or_else(|| next.map(|version| (version, version.valid_from))) else {
            return vec![format!("{} has a schedule and no contract", self.currency)];
        };
        let mut faults = Vec::new();
        differ(
            &mut faults,
            "contract",
            (version.contract_id, version.version),
            (self.contract_id, self.contract_version),
        );
        if versions.iter().any(|v| v.recorded_at > self.updated_at) {
            faults.push("was worked out before a version of its contract came in".to_owned());
        }
        let terms = &version.terms;
        differ(&mut faults, "time_zone", terms.time_zone.name(), &self.time_zone);
        differ(&mut faults, "holidays", terms.holidays.as_str(), &self.holidays);
        if serde_json::from_str(&self.cycle).ok().as_ref() != Some(&terms.cycle) {
            faults.push(format!("cycle: wanted {:?}, stands {}", terms.cycle, self.cycle));
        }
        if serde_json::from_str(&self.payout).ok().as_ref() != Some(&terms.payout) {
            faults.push(format!(
                "payout: wanted {:?}, stands {}",
                terms.payout, self.payout
            ));
        }
        let window = version.window_of(day);
        let closes_at = window.as_ref().ok().map(|days| days.end_at(terms.time_zone));
        let starts_at = next.map(Version::starts_at);
        let changes_at = closes_at.into_iter().chain(starts_at).min();
        differ(&mut faults, "changes_at", changes_at, self.changes_at);
        let closing: Result<Closing, CalendarError> = window.and_then(|days| {
            let (due_on, calendar) = due_on(version, days.ends_on)?;
            Ok((days, days.end_at(terms.time_zone), due_on, calendar))
        });
        self.check_closing(version, closing, &mut faults);
        faults
    }

    fn check_closing(
        &self,
        version: &Version,
        closing: Result<Closing, CalendarError>,
        faults: &mut Vec<String>,
    ) {
        let wanted = closing.as_ref().ok();
        let problem = closing.as_ref().err().map(ToString::to_string);
        differ(faults, "problem", problem.as_deref(), self.problem.as_deref());
        differ(
            faults,
            "window",
            wanted.map(|c| Some(c.0.starts_on)).unwrap_or_default(),
            self.window_starts_on,
        );
        differ(
            faults,
            "next_closing_on",
            wanted.map(|c| Some(c.0.ends_on)).unwrap_or_default(),
            self.next_closing_on,
        );
        differ(faults, "closes_at", wanted.map(|c| c.1), self.closes_at);
        let calendar = wanted.map(|c| c.3);
        let is_older = self.calendar_version.as_deref() != calendar
            && self
                .calendar_version
                .as_deref()
                .is_some_and(|known| knows_calendar(std::slice::from_ref(version), known));
        if !is_older {
            differ(
                faults,
                "calendar_version",
                calendar,
                self.calendar_version.as_deref(),
            );
            differ(faults, "due_on", wanted.map(|c| c.2), self.due_on);
        }
    }
}
