//! Rules that more than one country's holidays follow.

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};

/// Easter Sunday of the Gregorian calendar, by Gauss's rule with the constants that hold for 1900 to 2099.
pub(super) fn easter(year: i32) -> Option<NaiveDate> {
    let metonic = year.rem_euclid(19);
    let full_moon = (19 * metonic + 24).rem_euclid(30);
    let to_sunday = (2 * year.rem_euclid(4) + 4 * year.rem_euclid(7) + 6 * full_moon + 5).rem_euclid(7);
    // The church's tables move the two latest full moons a week earlier.
    let a_week_early = match (full_moon, to_sunday) {
        (29, 6) => 7,
        (28, 6) if metonic > 10 => 7,
        _ => 0,
    };
    let days_after_22_march = full_moon + to_sunday - a_week_early;
    NaiveDate::from_ymd_opt(year, 3, 22)?.checked_add_signed(TimeDelta::days(i64::from(days_after_22_march)))
}

/// The last such weekday of a month.
pub(super) fn last_weekday(year: i32, month: u32, weekday: Weekday) -> Option<NaiveDate> {
    NaiveDate::from_weekday_of_month_opt(year, month, weekday, 5)
        .or_else(|| NaiveDate::from_weekday_of_month_opt(year, month, weekday, 4))
}

/// Whether the day is a Saturday or a Sunday.
pub(super) fn is_weekend(date: NaiveDate) -> bool {
    matches!(date.weekday(), Weekday::Sat | Weekday::Sun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn easter_falls_on_the_sundays_of_the_church_calendar() {
        // The last four are the earliest and latest Easters and the two exceptions of the rule.
        let table = [
            (2016, 3, 27),
            (2019, 4, 21),
            (2024, 3, 31),
            (2025, 4, 20),
            (2035, 3, 25),
            (1943, 4, 25),
            (2008, 3, 23),
            (1981, 4, 19),
            (1954, 4, 18),
        ];
        for (year, month, day) in table {
            assert_eq!(easter(year), NaiveDate::from_ymd_opt(year, month, day), "{year}");
        }
    }

    #[test]
    fn the_last_monday_is_the_fourth_or_the_fifth() {
        assert_eq!(
            last_weekday(2016, 5, Weekday::Mon),
            NaiveDate::from_ymd_opt(2016, 5, 30)
        );
        assert_eq!(
            last_weekday(2020, 5, Weekday::Mon),
            NaiveDate::from_ymd_opt(2020, 5, 25)
        );
    }
}
