//! The days a settlement covers.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CalendarError, TimeZone};

/// The first day windows are computed for: 1970-01-01.
pub(crate) const FIRST_DAY: NaiveDate = match NaiveDate::from_epoch_days(0) {
    Some(day) => day,
    None => NaiveDate::MIN,
};
/// The last year windows are computed for, so that a date always has four digits of year.
const LAST_YEAR: i32 = 9999;

/// A run of business-local days, both ends included. As time it is [`Window::start_at`] to
/// [`Window::end_at`], the end excluded, so that a window's end is the next one's start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Window {
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day, included; never before the first.
    pub ends_on: NaiveDate,
}

impl Window {
    /// Whether the day is one of the window's.
    pub fn contains(&self, day: NaiveDate) -> bool {
        (self.starts_on..=self.ends_on).contains(&day)
    }

    /// The first instant of the window: 00:00 of its first day in the zone, or the first instant after it
    /// where the clocks jumped over midnight.
    pub fn start_at(&self, zone: TimeZone) -> DateTime<Utc> {
        zone.start_of(self.starts_on)
    }

    /// The first instant after the window: 24:00 of its last day in the zone.
    pub fn end_at(&self, zone: TimeZone) -> DateTime<Utc> {
        zone.start_of(self.ends_on.succ_opt().unwrap_or(NaiveDate::MAX))
    }
}

/// The day, unless it is outside the years this crate computes with.
pub(crate) fn in_range(day: NaiveDate) -> Result<NaiveDate, CalendarError> {
    if day >= FIRST_DAY && day.year() <= LAST_YEAR {
        Ok(day)
    } else {
        Err(CalendarError::DayOutOfRange { day })
    }
}
