//! Priced lines, windows, statements and schedules against the contracts: every price, every window, every due date
//! is worked out again.

use std::collections::HashSet;

use calendar::{CalendarError, Holidays, TimeZone, Window};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use contracts::contract_terms::{Bearer, FeeBase};
use money::Rounding;
use sqlx::FromRow;
use uuid::Uuid;

use crate::VerifyError;
use crate::databases::Databases;
use crate::names;
use crate::pricing::{Sale, Steps, steps};
use crate::report::Check;
use crate::terms::{Account, Contracts, Version, days, in_force_at, in_force_on};

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
    let settlement = &databases.settlement;

    let mut check = databases.check(
        "prices",
        "every step of every priced line follows from its contract, and its window is the right one",
    );
    let mut rows = settlement
        .stream::<Detail>("details", include_str!("sql/settlement/details.sql"))
        .await?;
    while let Some(detail) = rows.next().await? {
        check.examined += 1;
        let name = names::known(&format!("sln:{}", detail.id));
        check.found_all(&name, detail.faults(contracts));
    }
    check.done(checks);

    let mut check = databases.check("windows", "windows are those of the contracts' cycles");
    let mut rows = settlement
        .stream::<WindowRow>("windows", include_str!("sql/settlement/windows.sql"))
        .await?;
    while let Some(window) = rows.next().await? {
        check.examined += 1;
        let name = names::known(&format!("win:{}", window.id));
        check.found_all(&name, window.faults(contracts));
    }
    check.done(checks);

    let mut check = databases.check(
        "due_dates",
        "statements follow the contract in force: due date, minimum payout",
    );
    let mut rows = settlement
        .stream::<Due>("due dates", include_str!("sql/settlement/due_dates.sql"))
        .await?;
    while let Some(due) = rows.next().await? {
        check.examined += 1;
        let name = names::known(&format!("stl:{}", due.id));
        check.found_all(&name, due.faults(contracts));
    }
    check.done(checks);

    let mut check = databases.check(
        "schedules",
        "every account with a contract has a schedule, and it says when the next window closes",
    );
    let mut missing: HashSet<Account> = contracts.accounts().map(|(account, _)| account.clone()).collect();
    let mut rows = settlement
        .stream::<Schedule>("schedules", include_str!("sql/settlement/schedules.sql"))
        .await?;
    while let Some(schedule) = rows.next().await? {
        check.examined += 1;
        let account = (schedule.partner_id, schedule.currency.clone());
        missing.remove(&account);
        let faults = schedule.faults(contracts.of(&account));
        check.found_all(&names::known(&format!("ptn:{}", schedule.partner_id)), faults);
    }
    for (partner, currency) in missing {
        check.found(
            vec![names::known(&format!("ptn:{partner}")), currency],
            "has a contract and no schedule",
        );
    }
    check.done(checks);
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

#[derive(Debug, FromRow)]
struct Detail {
    id: Uuid,
    partner_id: Uuid,
    currency: String,
    category: String,
    unit_price_minor: i64,
    quantity: i32,
    gross_minor: i64,
    partner_discount_minor: i64,
    platform_discount_minor: i64,
    fee_base: String,
    fee_base_minor: i64,
    fee_rate_ppm: i32,
    share_fee_minor: i64,
    flat_fee_minor: i64,
    shipping_fee_minor: i64,
    fee_minor: i64,
    fee_vat_rate_ppm: i32,
    fee_vat_minor: i64,
    fee_vat_borne_by: String,
    shipping_minor: i64,
    net_minor: i64,
    rounding: String,
    contract_id: Uuid,
    contract_version: i32,
    sold_at: DateTime<Utc>,
    sold_on: NaiveDate,
    recorded_at: DateTime<Utc>,
    calendar_version: String,
    window_partner_id: Option<Uuid>,
    window_currency: Option<String>,
    window_starts_on: Option<NaiveDate>,
    window_ends_on: Option<NaiveDate>,
    window_time_zone: Option<String>,
    closed_through: Option<NaiveDate>,
}

impl Detail {
    fn faults(&self, contracts: &Contracts) -> Vec<String> {
        let account = (self.partner_id, self.currency.clone());
        let Some(version) = contracts.version(&account, self.contract_id, self.contract_version) else {
            return vec![format!(
                "was priced by version {} of {}, which is not known",
                self.contract_version,
                names::known(&format!("con:{}", self.contract_id))
            )];
        };
        let mut faults = Vec::new();
        self.check_price(version, &mut faults);
        let versions = contracts.of(&account);
        let in_force = in_force_at(versions, self.sold_at);
        if is_overruled(versions, in_force, version, self.recorded_at) {
            faults.push(format!(
                "version {} was not in force at the sale",
                version.version
            ));
        }
        differ(
            &mut faults,
            "sold_on",
            version.terms.time_zone.date_of(self.sold_at),
            self.sold_on,
        );
        self.check_window(version, versions, &mut faults);
        faults
    }

    fn check_price(&self, version: &Version, faults: &mut Vec<String>) {
        let terms = &version.terms;
        let wanted = steps(
            terms,
            Sale {
                category: &self.category,
                unit_price: self.unit_price_minor.into(),
                quantity: self.quantity.into(),
                by_partner: self.partner_discount_minor.into(),
                by_platform: self.platform_discount_minor.into(),
                shipping: self.shipping_minor.into(),
            },
        );
        let stands = Steps {
            gross: self.gross_minor.into(),
            base: self.fee_base_minor.into(),
            rate_ppm: u32::try_from(self.fee_rate_ppm).unwrap_or(u32::MAX),
            share: self.share_fee_minor.into(),
            flat: self.flat_fee_minor.into(),
            of_shipping: self.shipping_fee_minor.into(),
            fee: self.fee_minor.into(),
            vat: self.fee_vat_minor.into(),
            net: self.net_minor.into(),
        };
        differ(faults, "price", wanted, stands);
        let base = match terms.fee_base {
            FeeBase::Gross => "gross",
            FeeBase::LessPartnerDiscounts => "less_partner_discounts",
            FeeBase::LessAllDiscounts => "less_all_discounts",
        };
        differ(faults, "fee_base", base, self.fee_base.as_str());
        let rounding = match terms.rounding {
            Rounding::Down => "down",
            Rounding::Up => "up",
            Rounding::HalfUp => "half_up",
            Rounding::HalfEven => "half_even",
        };
        differ(faults, "rounding", rounding, self.rounding.as_str());
        let bearer = match terms.fee_vat.borne_by {
            Bearer::Partner => "partner",
            Bearer::Platform => "platform",
        };
        differ(faults, "fee_vat_borne_by", bearer, self.fee_vat_borne_by.as_str());
        differ(
            faults,
            "fee_vat_rate_ppm",
            Ok(terms.fee_vat.rate_ppm.ppm()),
            u32::try_from(self.fee_vat_rate_ppm),
        );
    }

    /// The window of its day; or, where that was closed when the line came in, a later one.
    fn check_window(&self, version: &Version, versions: &[Version], faults: &mut Vec<String>) {
        if !knows_calendar(versions, &self.calendar_version) {
            faults.push(format!(
                "there is no calendar {} in its contracts",
                self.calendar_version
            ));
        }
        let (Some(starts_on), Some(ends_on), Some(zone)) =
            (self.window_starts_on, self.window_ends_on, &self.window_time_zone)
        else {
            faults.push("its window does not exist".to_owned());
            return;
        };
        let owner = (self.window_partner_id, self.window_currency.as_deref());
        differ(
            faults,
            "the window's account",
            (Some(self.partner_id), Some(self.currency.as_str())),
            owner,
        );
        let stands = days(starts_on, ends_on);
        let own = match version.window_of(self.sold_on) {
            Ok(own) => own,
            Err(error) => {
                faults.push(error.to_string());
                return;
            }
        };
        if own == stands && zone == version.terms.time_zone.name() {
            return;
        }
        let was_closed = self.closed_through.is_some_and(|closed| closed >= own.ends_on);
        if !was_closed || stands.ends_on <= own.ends_on {
            faults.push(format!(
                "was sold on {} and belongs into {} to {}, not into {starts_on} to {ends_on} ({zone})",
                self.sold_on, own.starts_on, own.ends_on
            ));
        }
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

fn due_on(version: &Version, ends_on: NaiveDate) -> Result<(NaiveDate, &'static str), CalendarError> {
    let holidays = Holidays::named(&version.terms.holidays)?;
    Ok((
        version.terms.payout.due_on(holidays, ends_on)?,
        holidays.version(),
    ))
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

#[cfg(test)]
mod tests {
    use super::*;

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
