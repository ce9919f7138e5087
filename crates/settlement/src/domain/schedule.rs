//! 정산 스케줄: when a partner's next window closes and is paid.

use calendar::{CalendarError, Holidays, Window};
use chrono::{DateTime, NaiveDate, Utc};

use super::contract::{ContractVersion, Versions};

/// The next closing of an account.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule<'a> {
    /// The version that says so: the one in force, or the first to come.
    pub version: &'a ContractVersion,
    /// The window that closes next, and when that is paid.
    pub next: Result<Closing, CalendarError>,
    /// When this is to be worked out anew; none where nothing is to come.
    pub changes_at: Option<DateTime<Utc>>,
}

/// A window that is to close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// Its days.
    pub days: Window,
    /// The first instant after it.
    pub closes_at: DateTime<Utc>,
    /// When it is to be paid.
    pub due_on: NaiveDate,
    /// The version of the holiday calendar that said so.
    pub calendar_version: &'static str,
}

/// What stands on the schedule at `now`. None where the account has no contract.
pub fn schedule(versions: &Versions, now: DateTime<Utc>) -> Option<Schedule<'_>> {
    let (version, day) = match versions.in_force_at(now) {
        Some(version) => (version, version.terms.time_zone.date_of(now)),
        None => versions
            .next_after(now)
            .map(|version| (version, version.valid_from))?,
    };
    let days = version.window_of(day);
    let closes_at = days
        .as_ref()
        .ok()
        .map(|days| days.end_at(version.terms.time_zone));
    let starts_at = versions.next_after(now).map(ContractVersion::starts_at);
    Some(Schedule {
        version,
        next: days.and_then(|days| closing(version, days)),
        changes_at: closes_at.into_iter().chain(starts_at).min(),
    })
}

fn closing(version: &ContractVersion, days: Window) -> Result<Closing, CalendarError> {
    let (due_on, calendar_version) = due_on(version, days.ends_on)?;
    Ok(Closing {
        days,
        closes_at: days.end_at(version.terms.time_zone),
        due_on,
        calendar_version,
    })
}

/// When a window whose last day is `ends_on` is paid by this version, and by which version of the calendar.
pub fn due_on(
    version: &ContractVersion,
    ends_on: NaiveDate,
) -> Result<(NaiveDate, &'static str), CalendarError> {
    let holidays = Holidays::named(&version.terms.holidays)?;
    Ok((
        version.terms.payout.due_on(holidays, ends_on)?,
        holidays.version(),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contract::tests::{at, day, version};
    use serde_json::json;

    #[test]
    fn the_schedule_follows_the_version_in_force_and_turns_when_the_next_begins() {
        let versions = Versions::new(vec![
            version(
                1,
                "2026-01-01",
                &json!({"cycle": {"kind": "monthly", "ends_on": [31]}}),
            ),
            version(
                2,
                "2026-03-10",
                &json!({"cycle": {"kind": "weekly", "ends_on": "sunday"}}),
            ),
        ]);
        for (now, number, ends_on, due_on, changes_at) in [
            // Before the first contract: its first window is what comes next.
            (
                "2025-12-01T00:00:00Z",
                1,
                "2026-01-31",
                "2026-02-04",
                "2025-12-31T15:00:00Z",
            ),
            (
                "2026-01-15T00:00:00Z",
                1,
                "2026-01-31",
                "2026-02-04",
                "2026-01-31T15:00:00Z",
            ),
            (
                "2026-03-05T00:00:00Z",
                1,
                "2026-03-31",
                "2026-04-03",
                "2026-03-09T15:00:00Z",
            ),
            (
                "2026-03-09T15:00:00Z",
                2,
                "2026-03-15",
                "2026-03-18",
                "2026-03-15T15:00:00Z",
            ),
        ] {
            let found = schedule(&versions, at(now)).unwrap();
            let next = found.next.clone().unwrap();
            assert_eq!(
                (
                    found.version.version,
                    next.days.ends_on,
                    next.due_on,
                    found.changes_at
                ),
                (number, day(ends_on), day(due_on), Some(at(changes_at))),
                "{now}"
            );
        }
    }

    #[test]
    fn a_cycle_that_came_to_its_end_says_so() {
        let ended = json!({"cycle": {"kind": "dates", "ends_on": ["2026-01-31"]}});
        let versions = Versions::new(vec![version(1, "2026-01-01", &ended)]);
        let found = schedule(&versions, at("2026-05-01T00:00:00Z")).unwrap();
        assert!(found.next.is_err());
        assert_eq!(found.changes_at, None);
        assert_eq!(schedule(&Versions::default(), at("2026-05-01T00:00:00Z")), None);
    }
}
