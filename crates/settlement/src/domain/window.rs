//! Which window counts a line, and what a window goes through.

use calendar::{CalendarError, Holidays, TimeZone, Window};
use chrono::{DateTime, NaiveDate, Utc};

use super::contract::{Account, ContractVersion, Versions};

/// Where a window stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WindowState {
    /// Takes lines.
    Open,
    /// Is to be settled; still takes lines until it is.
    Requested,
    /// Has its statement; takes no more lines.
    Settled,
}

impl WindowState {
    /// All of them.
    const ALL: [Self; 3] = [Self::Open, Self::Requested, Self::Settled];

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Requested => "requested",
            Self::Settled => "settled",
        }
    }

    /// The states from which a window may become this one, as they stand in the database.
    pub fn predecessors(self) -> Vec<&'static str> {
        let before = Self::ALL.into_iter().filter(|state| state.may_become(self));
        before.map(Self::as_str).collect()
    }

    /// Whether a window may go from here to `next`. A late request of an earlier window settles it unrequested.
    fn may_become(self, next: Self) -> bool {
        match (self, next) {
            (Self::Open, Self::Requested | Self::Settled) | (Self::Requested, Self::Settled) => true,
            (Self::Open | Self::Requested | Self::Settled, _) => false,
        }
    }
}

/// What tells one window from another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct WindowKey {
    /// Whose it is.
    pub account: Account,
    /// Its days.
    pub days: Window,
    /// Where its days begin and end.
    pub time_zone: TimeZone,
}

impl WindowKey {
    /// The first instant after it.
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.days.end_at(self.time_zone)
    }
}

/// Where a line goes.
#[derive(Debug, Clone, PartialEq)]
pub struct Placement<'a> {
    /// The version that prices it: the one in force at the sale.
    pub version: &'a ContractVersion,
    /// The day of the sale in that version's time zone.
    pub sold_on: NaiveDate,
    /// The window that counts it.
    pub window: WindowKey,
    /// The version of the holiday calendar that the window's due date will follow.
    pub calendar_version: &'static str,
}

/// Places a sale: into the window of its day, or, where the account's windows are settled up to and including
/// that one, into the window of the first day after. None where no contract was in force at the sale.
pub fn place(
    versions: &Versions,
    account: Account,
    sold_at: DateTime<Utc>,
    closed_through: Option<NaiveDate>,
) -> Result<Option<Placement<'_>>, CalendarError> {
    let Some(version) = versions.in_force_at(sold_at) else {
        return Ok(None);
    };
    let sold_on = version.terms.time_zone.date_of(sold_at);
    let (window, calendar_version) = window_of(versions, account, version, sold_on, closed_through)?;
    Ok(Some(Placement {
        version,
        sold_on,
        window,
        calendar_version,
    }))
}

/// The window that counts what happened on `day`, when `version` was in force, and the version of its holiday calendar:
/// that of the day, or, where the account's windows are settled up to and including that one, that of the first day
/// after (by the version in force on that day).
pub fn window_of(
    versions: &Versions,
    account: Account,
    version: &ContractVersion,
    day: NaiveDate,
    closed_through: Option<NaiveDate>,
) -> Result<(WindowKey, &'static str), CalendarError> {
    let mut by = version;
    let mut days = by.window_of(day)?;
    if let Some(closed) = closed_through.filter(|closed| days.ends_on <= *closed) {
        let day = closed.succ_opt().unwrap_or(NaiveDate::MAX);
        by = versions.in_force_on(day).unwrap_or(version);
        days = by.window_of(day)?;
    }
    let window = WindowKey {
        account,
        days,
        time_zone: by.terms.time_zone,
    };
    Ok((window, Holidays::named(&by.terms.holidays)?.version()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::contract::tests::{at, day, version};
    use proptest::prelude::*;
    use serde_json::{Value, json};

    fn monthly() -> Value {
        json!({"cycle": {"kind": "monthly", "ends_on": [31]}})
    }

    fn window(versions: &Versions, sold_at: &str, closed: Option<&str>) -> (String, String) {
        let account = version(1, "2026-01-01", &monthly()).account;
        let placement = place(versions, account, at(sold_at), closed.map(day))
            .unwrap()
            .unwrap();
        let days = placement.window.days;
        (days.starts_on.to_string(), days.ends_on.to_string())
    }

    #[test]
    fn a_line_goes_into_the_window_of_its_day_or_the_next_open_one() {
        let weekly = json!({"cycle": {"kind": "weekly", "ends_on": "sunday"}});
        let versions = Versions::new(vec![
            version(1, "2026-01-01", &monthly()),
            version(2, "2026-06-16", &weekly),
        ]);
        for (sold_at, closed, starts_on, ends_on) in [
            ("2026-05-31T14:59:59Z", None, "2026-05-01", "2026-05-31"),
            ("2026-05-31T15:00:00Z", None, "2026-06-01", "2026-06-30"),
            ("2026-06-15T15:00:00Z", None, "2026-06-15", "2026-06-21"),
            // Settled up to there: the first day after decides, by the version in force on it.
            (
                "2026-03-05T00:00:00Z",
                Some("2026-03-31"),
                "2026-04-01",
                "2026-04-30",
            ),
            (
                "2026-03-05T00:00:00Z",
                Some("2026-04-10"),
                "2026-04-01",
                "2026-04-30",
            ),
            (
                "2026-03-05T00:00:00Z",
                Some("2026-06-21"),
                "2026-06-22",
                "2026-06-28",
            ),
            // A window that ends later than what is settled is open still.
            (
                "2026-06-10T00:00:00Z",
                Some("2026-06-21"),
                "2026-06-01",
                "2026-06-30",
            ),
        ] {
            let expected = (starts_on.to_owned(), ends_on.to_owned());
            assert_eq!(
                window(&versions, sold_at, closed),
                expected,
                "{sold_at} {closed:?}"
            );
        }
    }

    #[test]
    fn a_sale_before_the_first_contract_has_no_window() {
        let versions = Versions::new(vec![version(1, "2026-01-01", &monthly())]);
        let account = version(1, "2026-01-01", &monthly()).account;
        assert_eq!(
            place(&versions, account, at("2025-12-31T14:00:00Z"), None),
            Ok(None)
        );
    }

    #[test]
    fn a_settled_window_never_becomes_anything_else() {
        for from in WindowState::ALL {
            for to in WindowState::ALL {
                let allowed = matches!(
                    (from.as_str(), to.as_str()),
                    ("open", "requested" | "settled") | ("requested", "settled")
                );
                assert_eq!(from.may_become(to), allowed, "{from:?} {to:?}");
            }
        }
    }

    proptest! {
        #[test]
        fn no_line_goes_into_a_window_that_is_settled(
            sold in 0..3_000_i64, closed in prop::option::of(0..3_000_i64), change in 0..3_000_u64,
        ) {
            let start = day("2018-01-01");
            let dated = |days: u64| (start + chrono::Days::new(days)).to_string();
            let versions = Versions::new(vec![
                version(1, "2018-01-01", &monthly()),
                version(2, &dated(change), &json!({"cycle": {"kind": "weekly", "ends_on": "friday"}})),
            ]);
            let account = version(1, "2026-01-01", &monthly()).account;
            let sold_at = at("2018-01-01T03:00:00Z") + chrono::TimeDelta::days(sold);
            let closed = closed.map(|days| start + chrono::TimeDelta::days(days));
            let placed = place(&versions, account, sold_at, closed).unwrap().unwrap();
            prop_assert!(closed.is_none_or(|closed| placed.window.days.ends_on > closed));
            prop_assert!(placed.window.days.ends_on >= placed.sold_on);
        }
    }
}
