//! When a settlement is due.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use calendar::{CalendarError, Counting, Holidays, OnHoliday, PayoutTerm, add_business_days, adjust};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

#[test]
fn due_dates_of_real_windows() {
    use Counting::{BusinessDays, CalendarDays};
    use OnHoliday::{After, Before, OnTheDay};
    let table = [
        // Chuseok 2025: 3 October (Friday) to 9 October (Thursday) are one long holiday.
        ("KR", "2025-09-30", 2, BusinessDays, After, "2025-10-02"),
        ("KR", "2025-09-30", 3, BusinessDays, After, "2025-10-10"),
        ("KR", "2025-10-02", 1, BusinessDays, Before, "2025-10-10"),
        ("KR", "2025-09-30", 5, CalendarDays, Before, "2025-10-02"),
        ("KR", "2025-09-30", 5, CalendarDays, After, "2025-10-10"),
        ("KR", "2025-09-30", 5, CalendarDays, OnTheDay, "2025-10-05"),
        ("NONE", "2025-09-30", 3, BusinessDays, After, "2025-10-03"),
        // The last day itself: moved when it is a Sunday, not when it is a Tuesday.
        ("KR", "2025-08-31", 0, BusinessDays, After, "2025-09-01"),
        ("KR", "2025-08-31", 0, BusinessDays, Before, "2025-08-29"),
        ("KR", "2025-08-31", 0, BusinessDays, OnTheDay, "2025-08-31"),
        ("KR", "2025-09-30", 0, BusinessDays, Before, "2025-09-30"),
        // Month ends, leap February included.
        ("KR", "2024-02-29", 1, BusinessDays, After, "2024-03-04"),
        ("KR", "2023-02-28", 1, BusinessDays, After, "2023-03-02"),
        ("BR", "2026-03-31", 3, BusinessDays, After, "2026-04-06"),
        ("US", "2027-12-31", 1, BusinessDays, After, "2028-01-03"),
        // Weekly, closing on Sundays.
        ("KR", "2026-01-04", 2, BusinessDays, After, "2026-01-06"),
        ("US", "2026-06-28", 5, BusinessDays, After, "2026-07-06"),
    ];
    for (code, last_day, days, counting, on_holiday, expected) in table {
        let term = PayoutTerm {
            days,
            counting,
            on_holiday,
        };
        let due = term.due_on(Holidays::named(code).unwrap(), day(last_day));
        assert_eq!(due, Ok(day(expected)), "{code} {last_day} {term:?}");
    }
}

#[test]
fn a_due_date_outside_the_calendar_is_refused() {
    let kr = Holidays::named("KR").unwrap();
    let outside = |date| {
        Err(CalendarError::OutsideCalendar {
            code: "KR".to_owned(),
            date: day(date),
        })
    };
    assert_eq!(add_business_days(kr, day("2035-12-31"), 1), outside("2036-01-01"));
    assert_eq!(add_business_days(kr, day("2036-01-02"), 0), outside("2036-01-02"));
    // 1 January 2016 is a holiday: the business day before it lies in 2015.
    assert_eq!(
        adjust(kr, day("2016-01-01"), OnHoliday::Before),
        outside("2015-12-31")
    );
    assert_eq!(
        adjust(kr, day("2036-01-02"), OnHoliday::OnTheDay),
        outside("2036-01-02")
    );
    let term = PayoutTerm {
        days: 2,
        counting: Counting::CalendarDays,
        on_holiday: OnHoliday::After,
    };
    assert_eq!(term.due_on(kr, day("2035-12-31")), outside("2036-01-02"));
    assert_eq!(
        PayoutTerm::business_days(1).due_on(kr, day("2035-12-30")),
        Ok(day("2035-12-31"))
    );
    assert_eq!(
        PayoutTerm::business_days(u16::MAX).due_on(kr, day("2030-01-01")),
        outside("2036-01-01")
    );
    let text = add_business_days(kr, day("2035-12-31"), 1)
        .unwrap_err()
        .to_string();
    assert!(text.contains("KR") && text.contains("2036-01-01"), "{text}");
}

#[test]
fn the_end_of_time_is_refused() {
    let none = Holidays::named("NONE").unwrap();
    let out_of_range = Err(CalendarError::DayOutOfRange { day: NaiveDate::MAX });
    assert_eq!(add_business_days(none, NaiveDate::MAX, 1), out_of_range);
    let term = PayoutTerm {
        days: 1,
        counting: Counting::CalendarDays,
        on_holiday: OnHoliday::After,
    };
    assert_eq!(term.due_on(none, NaiveDate::MAX), out_of_range);
}

#[test]
fn a_term_in_json_counts_business_days_and_pays_after_a_holiday_unless_told() {
    let short: PayoutTerm = serde_json::from_str(r#"{"days":3}"#).unwrap();
    assert_eq!(short, PayoutTerm::business_days(3));
    let full = r#"{"days":3,"counting":"calendar_days","on_holiday":"on_the_day"}"#;
    let term: PayoutTerm = serde_json::from_str(full).unwrap();
    assert_eq!(serde_json::to_string(&term).unwrap(), full);
    for refused in [
        "{}",
        r#"{"days":-1}"#,
        r#"{"days":1,"on_holidays":"before"}"#,
        r#"{"days":1,"counting":"x"}"#,
    ] {
        assert!(serde_json::from_str::<PayoutTerm>(refused).is_err(), "{refused}");
    }
}

fn any_holidays() -> impl Strategy<Value = &'static Holidays> {
    prop::sample::select(Holidays::CODES.to_vec()).prop_map(|code| Holidays::named(code).unwrap())
}

fn any_covered_day() -> impl Strategy<Value = NaiveDate> {
    // 2016-02-01 to about 2035-06.
    (0..7070_u64).prop_map(|days| day("2016-02-01") + Days::new(days))
}

proptest! {
    #[test]
    fn a_due_date_is_never_a_holiday_unless_it_stays_on_the_day(
        holidays in any_holidays(), last_day in any_covered_day(), days in 0_u16..90,
        counting in prop::sample::select(vec![Counting::BusinessDays, Counting::CalendarDays]),
    ) {
        let due = |on_holiday| PayoutTerm { days, counting, on_holiday }.due_on(holidays, last_day).unwrap();
        let (before, on, after) = (due(OnHoliday::Before), due(OnHoliday::OnTheDay), due(OnHoliday::After));
        prop_assert!(holidays.is_business_day(before) && holidays.is_business_day(after));
        prop_assert!(before <= on && on <= after);
        prop_assert!(after >= last_day);
        if holidays.is_business_day(on) {
            prop_assert!(before == on && on == after);
        }
    }

    #[test]
    fn adding_business_days_is_monotone_and_adds_up(
        holidays in any_holidays(), from in any_covered_day(), later in 0_u64..40,
        days in 0_u16..60, more in 0_u16..60,
    ) {
        let add = |from, days| add_business_days(holidays, from, days).unwrap();
        prop_assert!(add(from, days) <= add(from + Days::new(later), days));
        prop_assert!(add(from, days) < add(from, days + 1));
        prop_assert_eq!(add(add(from, days), more), add(from, days + more));
    }

    #[test]
    fn exactly_as_many_business_days_pass_as_were_added(
        holidays in any_holidays(), from in any_covered_day(), days in 0_u16..90,
    ) {
        let to = add_business_days(holidays, from, days).unwrap();
        let passed = from.iter_days().skip(1).take_while(|date| *date <= to);
        let business_days = passed.filter(|date| holidays.is_business_day(*date)).count();
        prop_assert_eq!(business_days, usize::from(days));
    }
}
