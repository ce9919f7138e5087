//! How often a contract settles.

use chrono::{Datelike, Months, NaiveDate, TimeDelta};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::window::{FIRST_DAY, in_range};
use crate::{CalendarError, ClosingDates, ClosingDays, Weekday, Window};

/// Cuts days into windows that neither overlap nor leave a gap.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", from = "Written")]
pub enum Cycle {
    /// Every day is a window.
    Daily,
    /// Seven days.
    Weekly {
        /// The last day of the week.
        ends_on: Weekday,
    },
    /// One or more windows a month.
    Monthly {
        /// Closing days of the month, 1 to 31, where 31 is the last day.
        ends_on: ClosingDays,
    },
    /// Windows that end on named dates. The first one starts on 1970-01-01, so that nothing is too early for
    /// it; after the last date there is no window.
    Dates {
        /// The last day of each window.
        ends_on: ClosingDates,
    },
}

/// A cycle as it is read: serde lets a unit variant pass with any fields beside it, an empty one not, and a
/// daily cycle with an `ends_on` is a mistake.
#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
enum Written {
    Daily {},
    Weekly { ends_on: Weekday },
    Monthly { ends_on: ClosingDays },
    Dates { ends_on: ClosingDates },
}

impl From<Written> for Cycle {
    fn from(written: Written) -> Self {
        match written {
            Written::Daily {} => Self::Daily,
            Written::Weekly { ends_on } => Self::Weekly { ends_on },
            Written::Monthly { ends_on } => Self::Monthly { ends_on },
            Written::Dates { ends_on } => Self::Dates { ends_on },
        }
    }
}

impl Cycle {
    /// A monthly cycle that closes on these days; see [`ClosingDays::new`] for what is refused.
    pub fn monthly(ends_on: impl IntoIterator<Item = u8>) -> Result<Self, CalendarError> {
        Ok(Self::Monthly {
            ends_on: ClosingDays::new(ends_on)?,
        })
    }

    /// A cycle that closes on these dates; see [`ClosingDates::new`] for what is refused.
    pub fn dates(ends_on: impl IntoIterator<Item = NaiveDate>) -> Result<Self, CalendarError> {
        Ok(Self::Dates {
            ends_on: ClosingDates::new(ends_on)?,
        })
    }

    /// The window a day belongs to. [`CalendarError::DayOutOfRange`] outside of 1970 to 9999,
    /// [`CalendarError::AfterLastClosingDate`] when named dates have come to their end.
    pub fn window_of(&self, day: NaiveDate) -> Result<Window, CalendarError> {
        in_range(day)?;
        match self {
            Self::Daily => Ok(Window {
                starts_on: day,
                ends_on: day,
            }),
            Self::Weekly { ends_on } => week_of(day, (*ends_on).into()),
            Self::Monthly { ends_on } => part_of_month(day, ends_on),
            Self::Dates { ends_on } => between_dates(day, ends_on.as_slice()),
        }
    }

    /// The window after this one: the one of the day after its last. Errors are those of
    /// [`Cycle::window_of`].
    pub fn next(&self, window: &Window) -> Result<Window, CalendarError> {
        self.window_of(day_after(window.ends_on)?)
    }
}

fn week_of(day: NaiveDate, last: chrono::Weekday) -> Result<Window, CalendarError> {
    let days_left = last.days_since(day.weekday());
    day.checked_add_signed(TimeDelta::days(i64::from(days_left)))
        .and_then(|ends_on| {
            Some(Window {
                starts_on: ends_on.checked_sub_signed(TimeDelta::days(6))?,
                ends_on,
            })
        })
        .ok_or(CalendarError::DayOutOfRange { day })
}

fn part_of_month(day: NaiveDate, closing: &ClosingDays) -> Result<Window, CalendarError> {
    let one = Months::new(1);
    let this_month = || closing.in_month_of(day);
    let out_of_range = CalendarError::DayOutOfRange { day };
    let ends_on = this_month()
        .find(|end| *end >= day)
        .or_else(|| closing.in_month_of(day.checked_add_months(one)?).next())
        .ok_or(out_of_range.clone())?;
    let previous_end = this_month()
        .rfind(|end| *end < day)
        .or_else(|| closing.in_month_of(day.checked_sub_months(one)?).next_back())
        .ok_or(out_of_range)?;
    Ok(Window {
        starts_on: day_after(previous_end)?,
        ends_on,
    })
}

fn between_dates(day: NaiveDate, closing: &[NaiveDate]) -> Result<Window, CalendarError> {
    let (before, from) = closing.split_at(closing.partition_point(|end| *end < day));
    let starts_on = before.last().map_or(Ok(FIRST_DAY), |end| day_after(*end))?;
    match (from.first(), before.last()) {
        (Some(ends_on), _) => Ok(Window {
            starts_on,
            ends_on: *ends_on,
        }),
        (None, Some(last)) => Err(CalendarError::AfterLastClosingDate { day, last: *last }),
        (None, None) => Err(CalendarError::NoClosingDates),
    }
}

fn day_after(day: NaiveDate) -> Result<NaiveDate, CalendarError> {
    day.succ_opt().ok_or(CalendarError::DayOutOfRange { day })
}
