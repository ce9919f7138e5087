//! Federal holidays of the United States.
//!
//! 5 U.S.C. 6103: the days themselves, and the day on which one that falls on a weekend is observed: the
//! Friday before a Saturday, the Monday after a Sunday. Juneteenth was added on 17 June 2021. Inauguration
//! day (the capital only) and closings by executive order are no federal holidays.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, Weekday};

use super::rules::last_weekday;

/// Month, day, and the first year in force where that lies within the data.
const FIXED: [(u32, u32, Option<i32>); 5] = [
    (1, 1, None),        // New year
    (6, 19, Some(2021)), // Juneteenth
    (7, 4, None),        // Independence
    (11, 11, None),      // Veterans
    (12, 25, None),      // Christmas
];

/// Month, weekday, and which of that weekday.
const NTH_WEEKDAY: [(u32, Weekday, u8); 5] = [
    (1, Weekday::Mon, 3),  // Martin Luther King
    (2, Weekday::Mon, 3),  // Washington's birthday
    (9, Weekday::Mon, 1),  // Labor day
    (10, Weekday::Mon, 2), // Columbus day
    (11, Weekday::Thu, 4), // Thanksgiving
];

pub(super) fn holidays(years: RangeInclusive<i32>) -> BTreeSet<NaiveDate> {
    // One year further, because a new year's day on a Saturday is observed on the last day of the year
    // before.
    let beyond = years.end() + 1;
    (*years.start()..=beyond)
        .flat_map(of_year)
        .filter(|date| years.contains(&date.year()))
        .collect()
}

fn of_year(year: i32) -> impl Iterator<Item = NaiveDate> {
    let fixed = FIXED
        .into_iter()
        .filter(move |(_, _, since)| since.is_none_or(|since| year >= since))
        .filter_map(move |(month, day, _)| NaiveDate::from_ymd_opt(year, month, day));
    let nth = NTH_WEEKDAY
        .into_iter()
        .filter_map(move |(month, weekday, n)| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n));
    let memorial_day = last_weekday(year, 5, Weekday::Mon);
    fixed
        .flat_map(|date| [Some(date), observed(date)])
        .flatten()
        .chain(nth)
        .chain(memorial_day)
}

fn observed(date: NaiveDate) -> Option<NaiveDate> {
    match date.weekday() {
        Weekday::Sat => date.pred_opt(),
        Weekday::Sun => date.succ_opt(),
        _ => None,
    }
}
