//! Counting business days, and moving a date off a holiday.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CalendarError, Holidays};

/// Where a due date goes that falls on a weekend or a holiday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnHoliday {
    /// To the last business day before.
    Before,
    /// To the first business day after.
    #[default]
    After,
    /// Nowhere: it is due on that day all the same.
    OnTheDay,
}

/// The day that is `days` business days after `from`, which itself is not counted and need not be a business
/// day. Zero days is `from` unchanged. [`CalendarError::OutsideCalendar`] when the count leaves the
/// calendar's years.
pub fn add_business_days(
    holidays: &Holidays,
    from: NaiveDate,
    days: u16,
) -> Result<NaiveDate, CalendarError> {
    let mut date = covered(holidays, from)?;
    for _ in 0..days {
        date = next_business_day(holidays, date)?;
    }
    Ok(date)
}

/// The date itself when it is a business day, otherwise where `on_holiday` puts it.
/// [`CalendarError::OutsideCalendar`] when the date or the day it moves to is outside of the calendar's
/// years.
pub fn adjust(
    holidays: &Holidays,
    date: NaiveDate,
    on_holiday: OnHoliday,
) -> Result<NaiveDate, CalendarError> {
    if holidays.is_business_day(covered(holidays, date)?) {
        return Ok(date);
    }
    match on_holiday {
        OnHoliday::OnTheDay => Ok(date),
        OnHoliday::Before => previous_business_day(holidays, date),
        OnHoliday::After => next_business_day(holidays, date),
    }
}

fn next_business_day(holidays: &Holidays, date: NaiveDate) -> Result<NaiveDate, CalendarError> {
    walk(holidays, date, NaiveDate::succ_opt)
}

fn previous_business_day(holidays: &Holidays, date: NaiveDate) -> Result<NaiveDate, CalendarError> {
    walk(holidays, date, NaiveDate::pred_opt)
}

fn walk(
    holidays: &Holidays,
    mut date: NaiveDate,
    step: impl Fn(&NaiveDate) -> Option<NaiveDate>,
) -> Result<NaiveDate, CalendarError> {
    loop {
        let neighbour = step(&date).ok_or(CalendarError::DayOutOfRange { day: date })?;
        date = covered(holidays, neighbour)?;
        if holidays.is_business_day(date) {
            return Ok(date);
        }
    }
}

fn covered(holidays: &Holidays, date: NaiveDate) -> Result<NaiveDate, CalendarError> {
    if holidays.covers(date) {
        Ok(date)
    } else {
        Err(CalendarError::OutsideCalendar {
            code: holidays.code().to_owned(),
            date,
        })
    }
}
