//! The days on which a cycle closes: checked once, sorted, without repetition, never empty.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::CalendarError;

/// Closing days of every month, 1 to 31. A day a month does not have is its last day, so 31 is always the
/// last.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<u8>", into = "Vec<u8>")]
#[schema(value_type = Vec<u8>, example = json!([15, 31]))]
pub struct ClosingDays(Vec<u8>);

impl ClosingDays {
    /// Sorts the days and drops repetitions. [`CalendarError::NoClosingDays`] when there are none,
    /// [`CalendarError::ClosingDayOutOfRange`] when one is not 1 to 31.
    pub fn new(days: impl IntoIterator<Item = u8>) -> Result<Self, CalendarError> {
        let mut days: Vec<u8> = days.into_iter().collect();
        days.sort_unstable();
        days.dedup();
        if let Some(day) = days.iter().copied().find(|day| !(1..=31).contains(day)) {
            return Err(CalendarError::ClosingDayOutOfRange { day });
        }
        if days.is_empty() {
            Err(CalendarError::NoClosingDays)
        } else {
            Ok(Self(days))
        }
    }

    /// The days in order.
    pub fn as_slice(&self) -> &[u8] {
        &self.0
    }

    /// The dates in the month of `day` on which a window closes, in order. Two closing days that a short
    /// month moves to its last day are the same date twice.
    pub(crate) fn in_month_of(&self, day: NaiveDate) -> impl DoubleEndedIterator<Item = NaiveDate> + '_ {
        let last = u32::from(day.num_days_in_month());
        self.0
            .iter()
            .filter_map(move |closing| day.with_day(u32::from(*closing).min(last)))
    }
}

impl TryFrom<Vec<u8>> for ClosingDays {
    type Error = CalendarError;

    fn try_from(days: Vec<u8>) -> Result<Self, Self::Error> {
        Self::new(days)
    }
}

impl From<ClosingDays> for Vec<u8> {
    fn from(days: ClosingDays) -> Self {
        days.0
    }
}

/// Named closing dates, in order.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "Vec<NaiveDate>", into = "Vec<NaiveDate>")]
#[schema(value_type = Vec<NaiveDate>, example = json!(["2026-01-31", "2026-03-15"]))]
pub struct ClosingDates(Vec<NaiveDate>);

impl ClosingDates {
    /// Sorts the dates and drops repetitions. [`CalendarError::NoClosingDates`] when there are none,
    /// [`CalendarError::DayOutOfRange`] when one is not in 1970 to 9999.
    pub fn new(dates: impl IntoIterator<Item = NaiveDate>) -> Result<Self, CalendarError> {
        let mut dates: Vec<NaiveDate> = dates.into_iter().collect();
        dates.sort_unstable();
        dates.dedup();
        for date in &dates {
            crate::window::in_range(*date)?;
        }
        if dates.is_empty() {
            Err(CalendarError::NoClosingDates)
        } else {
            Ok(Self(dates))
        }
    }

    /// The dates in order.
    pub fn as_slice(&self) -> &[NaiveDate] {
        &self.0
    }
}

impl TryFrom<Vec<NaiveDate>> for ClosingDates {
    type Error = CalendarError;

    fn try_from(dates: Vec<NaiveDate>) -> Result<Self, Self::Error> {
        Self::new(dates)
    }
}

impl From<ClosingDates> for Vec<NaiveDate> {
    fn from(dates: ClosingDates) -> Self {
        dates.0
    }
}
