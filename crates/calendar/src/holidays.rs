//! The holidays of a country, as versioned data.
//!
//! The data is made by rules, one file a country. Whoever changes what a rule yields gives the calendar a new
//! version, because every settled line keeps the version it was computed with.

mod brazil;
mod korea;
mod rules;
mod united_states;

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use chrono::{Datelike, NaiveDate, Weekday};

use crate::CalendarError;

/// The years of every country's data.
const YEARS: RangeInclusive<i32> = 2016..=2035;

static KR: LazyLock<Holidays> =
    LazyLock::new(|| Holidays::of_country("KR", "KR-2026.1", korea::holidays(YEARS)));
static BR: LazyLock<Holidays> =
    LazyLock::new(|| Holidays::of_country("BR", "BR-2026.1", brazil::holidays(YEARS)));
static US: LazyLock<Holidays> =
    LazyLock::new(|| Holidays::of_country("US", "US-2026.1", united_states::holidays(YEARS)));
static NONE: LazyLock<Holidays> = LazyLock::new(|| Holidays {
    code: "NONE",
    version: "NONE-1",
    years: None,
    days: BTreeSet::new(),
});

/// The holidays of one country over the years it has data for.
#[derive(Debug, PartialEq, Eq)]
pub struct Holidays {
    code: &'static str,
    version: &'static str,
    /// `None`: every year, because there is nothing to know but weekends.
    years: Option<RangeInclusive<i32>>,
    days: BTreeSet<NaiveDate>,
}

impl Holidays {
    /// The names [`Holidays::named`] knows.
    pub const CODES: [&'static str; 4] = ["KR", "BR", "US", "NONE"];

    /// The current holiday data of a country: "KR", "BR" or "US" (national holidays, 2016 to 2035), or "NONE"
    /// for weekends only, in any year. Upper case only; anything else is [`CalendarError::UnknownCalendar`].
    pub fn named(code: &str) -> Result<&'static Self, CalendarError> {
        match code {
            "KR" => Ok(&KR),
            "BR" => Ok(&BR),
            "US" => Ok(&US),
            "NONE" => Ok(&NONE),
            _ => Err(CalendarError::UnknownCalendar {
                code: code.to_owned(),
            }),
        }
    }

    fn of_country(code: &'static str, version: &'static str, days: BTreeSet<NaiveDate>) -> Self {
        Self {
            code,
            version,
            years: Some(YEARS),
            days,
        }
    }

    /// The name of this calendar, as [`Holidays::named`] takes it.
    pub fn code(&self) -> &str {
        self.code
    }

    /// The version of the data, like "KR-2026.1": the code, the year the data was last reviewed, and a
    /// counter.
    pub fn version(&self) -> &str {
        self.version
    }

    /// Whether this is a public holiday, on a weekend or not. `false` outside the years of
    /// [`Holidays::covers`].
    pub fn is_holiday(&self, date: NaiveDate) -> bool {
        self.days.contains(&date)
    }

    /// Whether this is a Monday to Friday and no holiday. Outside the years of [`Holidays::covers`] only
    /// weekends are known; the functions that compute due dates refuse such days instead.
    pub fn is_business_day(&self, date: NaiveDate) -> bool {
        !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !self.is_holiday(date)
    }

    /// Whether the holidays of this date's year are known.
    pub fn covers(&self, date: NaiveDate) -> bool {
        self.years
            .as_ref()
            .is_none_or(|years| years.contains(&date.year()))
    }

    /// The holidays in order, those on weekends included.
    pub fn iter(&self) -> impl Iterator<Item = NaiveDate> + '_ {
        self.days.iter().copied()
    }
}
