//! Public holidays of Korea (관공서의 공휴일에 관한 규정), their substitutes, and single days by decree or election.
//!
//! Substitute holidays (대체공휴일) came step by step, each in force before the first day of its kind it could
//! touch:
//!
//! | since | holidays | substituted when on |
//! | --- | --- | --- |
//! | 2014 | Seollal, Chuseok (three days each) | a Sunday or another holiday |
//! | 2014 | children's day | a Saturday, a Sunday or another holiday |
//! | August 2021 | 1 March, 15 August, 3 October, 9 October | the same |
//! | May 2023 | Buddha's birthday, Christmas | the same |
//! | 2026 | labour day, constitution day (holidays since then) | the same |
//!
//! New year's day and memorial day have none. The substitute is the first day after that is neither a weekend
//! nor a holiday nor another's substitute.
//!
//! Labour day closed banks before 2026 too, without being a public holiday; the past is left as the law had
//! it.

mod lunar;
mod single_days;

use std::collections::{BTreeMap, BTreeSet};
use std::ops::RangeInclusive;

use chrono::{Datelike, NaiveDate, Weekday};

use super::rules::is_weekend;

/// What a holiday must fall on to be made up for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Substituted {
    Never,
    OnSundayOrHoliday,
    OnWeekendOrHoliday,
}

struct Fixed {
    month: u32,
    day: u32,
    /// First year as a holiday; `None`: since before the data begins.
    holiday_since: Option<i32>,
    /// First year with a substitute; `None`: it has none.
    substituted_since: Option<i32>,
}

const FIXED: [Fixed; 10] = [
    fixed(1, 1, None, None),              // New year
    fixed(3, 1, None, Some(2022)),        // Independence movement
    fixed(5, 1, Some(2026), Some(2026)),  // Labour day
    fixed(5, 5, None, Some(2014)),        // Children's day
    fixed(6, 6, None, None),              // Memorial day
    fixed(7, 17, Some(2026), Some(2026)), // Constitution day
    fixed(8, 15, None, Some(2021)),       // Liberation
    fixed(10, 3, None, Some(2021)),       // National foundation
    fixed(10, 9, None, Some(2021)),       // Hangul day
    fixed(12, 25, None, Some(2023)),      // Christmas
];

/// The first year in which Buddha's birthday was made up for.
const BUDDHA_SUBSTITUTED_SINCE: i32 = 2023;

const fn fixed(month: u32, day: u32, holiday_since: Option<i32>, substituted_since: Option<i32>) -> Fixed {
    Fixed {
        month,
        day,
        holiday_since,
        substituted_since,
    }
}

pub(super) fn holidays(years: RangeInclusive<i32>) -> BTreeSet<NaiveDate> {
    let mut by_date: BTreeMap<NaiveDate, Vec<Substituted>> = BTreeMap::new();
    let singles = single_days::all().map(|date| (date, Substituted::Never));
    for (date, rule) in years
        .clone()
        .flat_map(fixed_days)
        .chain(lunar_days())
        .chain(singles)
    {
        if years.contains(&date.year()) {
            by_date.entry(date).or_default().push(rule);
        }
    }
    let mut days: BTreeSet<NaiveDate> = by_date.keys().copied().collect();
    for (date, rules) in &by_date {
        if rules
            .iter()
            .any(|rule| is_made_up_for(*rule, *date, rules.len() > 1))
        {
            days.extend(substitute_of(*date, &days));
        }
    }
    days
}

fn is_made_up_for(rule: Substituted, date: NaiveDate, falls_on_another_holiday: bool) -> bool {
    match rule {
        Substituted::Never => false,
        Substituted::OnSundayOrHoliday => falls_on_another_holiday || date.weekday() == Weekday::Sun,
        Substituted::OnWeekendOrHoliday => falls_on_another_holiday || is_weekend(date),
    }
}

fn substitute_of(date: NaiveDate, taken: &BTreeSet<NaiveDate>) -> Option<NaiveDate> {
    date.iter_days()
        .skip(1)
        .find(|day| !is_weekend(*day) && !taken.contains(day))
}

fn fixed_days(year: i32) -> impl Iterator<Item = (NaiveDate, Substituted)> {
    let since = move |first: Option<i32>| first.is_some_and(|first| year >= first);
    FIXED.iter().filter_map(move |holiday| {
        if holiday.holiday_since.is_some() && !since(holiday.holiday_since) {
            return None;
        }
        let rule = if since(holiday.substituted_since) {
            Substituted::OnWeekendOrHoliday
        } else {
            Substituted::Never
        };
        Some((NaiveDate::from_ymd_opt(year, holiday.month, holiday.day)?, rule))
    })
}

fn lunar_days() -> impl Iterator<Item = (NaiveDate, Substituted)> {
    lunar::YEARS.iter().flat_map(|lunar| {
        let three_days = [lunar.seollal, lunar.chuseok]
            .into_iter()
            .flat_map(move |(month, day)| {
                let middle = NaiveDate::from_ymd_opt(lunar.year, month, day);
                [
                    middle.and_then(|day| day.pred_opt()),
                    middle,
                    middle.and_then(|day| day.succ_opt()),
                ]
            });
        let (month, day) = lunar.buddha;
        let buddha_rule = if lunar.year >= BUDDHA_SUBSTITUTED_SINCE {
            Substituted::OnWeekendOrHoliday
        } else {
            Substituted::Never
        };
        let buddha = NaiveDate::from_ymd_opt(lunar.year, month, day).map(|day| (day, buddha_rule));
        three_days
            .flatten()
            .map(|day| (day, Substituted::OnSundayOrHoliday))
            .chain(buddha)
    })
}
