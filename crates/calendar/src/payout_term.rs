//! When a closed window is paid out.

use chrono::{Days, NaiveDate};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CalendarError, Holidays, OnHoliday, add_business_days, adjust};

/// Which days the N of D+N counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Mondays to Fridays that are no holidays.
    #[default]
    BusinessDays,
    /// Every day.
    CalendarDays,
}

/// D+N: how long after the last day of its window a settlement is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutTerm {
    /// Days after the last day of the window, which itself is not counted. 0 is the last day itself.
    pub days: u16,
    /// Which days are counted; business days when left out.
    #[serde(default)]
    #[schema(default = Counting::default)]
    pub counting: Counting,
    /// Where a due date on a holiday goes; after when left out.
    #[serde(default)]
    #[schema(default = OnHoliday::default)]
    pub on_holiday: OnHoliday,
}

impl PayoutTerm {
    /// D+`days` in business days, after a holiday.
    pub fn business_days(days: u16) -> Self {
        Self {
            days,
            counting: Counting::BusinessDays,
            on_holiday: OnHoliday::After,
        }
    }

    /// The day a window that ends on `window_last_day` is paid: the days counted after it, then moved off a
    /// holiday. A term of 0 days that moves *before* a holiday can be due before its window ends.
    /// [`CalendarError::OutsideCalendar`] when that needs holidays the calendar has no data for.
    pub fn due_on(
        &self,
        holidays: &Holidays,
        window_last_day: NaiveDate,
    ) -> Result<NaiveDate, CalendarError> {
        let counted = match self.counting {
            Counting::BusinessDays => add_business_days(holidays, window_last_day, self.days)?,
            Counting::CalendarDays => window_last_day
                .checked_add_days(Days::new(u64::from(self.days)))
                .ok_or(CalendarError::DayOutOfRange { day: window_last_day })?,
        };
        adjust(holidays, counted, self.on_holiday)
    }
}
