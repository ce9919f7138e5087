//! National holidays of Brazil.
//!
//! Law 662/1949 with 10.607/2002 (fixed days), 6.802/1980 (12 October), 9.093/1995 (Good Friday) and
//! 14.759/2023 (20 November). A holiday on a weekend is not moved. Carnival and Corpus Christi are optional
//! days and not holidays of the nation, although banks close on them: a contract that needs them names its
//! payout dates.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use chrono::{NaiveDate, TimeDelta};

use super::rules::easter;

/// Month, day, and the first year in force where that lies within the data.
const FIXED: [(u32, u32, Option<i32>); 9] = [
    (1, 1, None),         // Universal fraternization
    (4, 21, None),        // Tiradentes
    (5, 1, None),         // Labour day
    (9, 7, None),         // Independence
    (10, 12, None),       // Our Lady of Aparecida
    (11, 2, None),        // All souls
    (11, 15, None),       // Proclamation of the republic
    (11, 20, Some(2024)), // Zumbi and black awareness
    (12, 25, None),       // Christmas
];

pub(super) fn holidays(years: RangeInclusive<i32>) -> BTreeSet<NaiveDate> {
    let of_year = |year: i32| {
        let good_friday = easter(year).and_then(|sunday| sunday.checked_sub_signed(TimeDelta::days(2)));
        FIXED
            .into_iter()
            .filter(move |(_, _, since)| since.is_none_or(|since| year >= since))
            .filter_map(move |(month, day, _)| NaiveDate::from_ymd_opt(year, month, day))
            .chain(good_friday)
    };
    years.flat_map(of_year).collect()
}
