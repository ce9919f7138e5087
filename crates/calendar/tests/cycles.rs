//! Cycles and their windows.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use calendar::{CalendarError, Cycle, TimeZone, Weekday, Window};
use chrono::{Days, NaiveDate};
use proptest::prelude::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn cycle(json: &str) -> Cycle {
    serde_json::from_str(json).unwrap()
}

#[test]
fn a_day_has_the_window_its_cycle_gives_it() {
    let weekly = r#"{"kind":"weekly","ends_on":"sunday"}"#;
    let twice = r#"{"kind":"monthly","ends_on":[15,31]}"#;
    let month_end = r#"{"kind":"monthly","ends_on":[31]}"#;
    let tenth = r#"{"kind":"monthly","ends_on":[10]}"#;
    let short_months = r#"{"kind":"monthly","ends_on":[29,30,31]}"#;
    let dates = r#"{"kind":"dates","ends_on":["2026-01-31","2026-03-15"]}"#;
    let table = [
        (r#"{"kind":"daily"}"#, "2026-02-28", "2026-02-28", "2026-02-28"),
        (weekly, "2026-01-05", "2026-01-05", "2026-01-11"), // Monday
        (weekly, "2026-01-11", "2026-01-05", "2026-01-11"), // Sunday
        (weekly, "2025-12-31", "2025-12-29", "2026-01-04"), // over the year's end
        (twice, "2026-01-15", "2026-01-01", "2026-01-15"),
        (twice, "2026-01-16", "2026-01-16", "2026-01-31"),
        (twice, "2024-02-29", "2024-02-16", "2024-02-29"), // leap year
        (twice, "2026-02-20", "2026-02-16", "2026-02-28"),
        (month_end, "2026-04-30", "2026-04-01", "2026-04-30"),
        (tenth, "2025-12-11", "2025-12-11", "2026-01-10"),
        (tenth, "2026-01-01", "2025-12-11", "2026-01-10"),
        (short_months, "2026-02-28", "2026-02-01", "2026-02-28"),
        (short_months, "2024-02-29", "2024-02-01", "2024-02-29"),
        (short_months, "2026-03-30", "2026-03-30", "2026-03-30"),
        (short_months, "2026-04-30", "2026-04-30", "2026-04-30"),
        (dates, "2020-07-01", "1970-01-01", "2026-01-31"),
        (dates, "2026-02-01", "2026-02-01", "2026-03-15"),
        (dates, "2026-03-15", "2026-02-01", "2026-03-15"),
    ];
    for (json, of, starts_on, ends_on) in table {
        let expected = Window {
            starts_on: day(starts_on),
            ends_on: day(ends_on),
        };
        assert_eq!(cycle(json).window_of(day(of)), Ok(expected), "{json} {of}");
    }
}

#[test]
fn after_the_last_named_date_there_is_no_window() {
    let dates = Cycle::dates([day("2026-03-15"), day("2026-01-31")]).unwrap();
    let error = CalendarError::AfterLastClosingDate {
        day: day("2026-03-16"),
        last: day("2026-03-15"),
    };
    let last = dates.window_of(day("2026-03-15")).unwrap();
    assert_eq!(dates.window_of(day("2026-03-16")), Err(error.clone()));
    assert_eq!(dates.next(&last), Err(error));
}

#[test]
fn days_outside_the_years_are_refused() {
    for outside in [day("1969-12-31"), day("+10000-01-01")] {
        let refused = CalendarError::DayOutOfRange { day: outside };
        assert_eq!(Cycle::Daily.window_of(outside), Err(refused.clone()));
        assert_eq!(Cycle::dates([outside]), Err(refused));
    }
    let at_the_end = Cycle::monthly([10])
        .unwrap()
        .window_of(day("9999-12-31"))
        .unwrap();
    assert!(Cycle::monthly([10]).unwrap().next(&at_the_end).is_err());
    assert!(
        Cycle::Daily
            .next(&Window {
                starts_on: NaiveDate::MAX,
                ends_on: NaiveDate::MAX
            })
            .is_err()
    );
}

#[test]
fn closing_days_are_sorted_without_repetition_and_checked() {
    assert_eq!(
        cycle(r#"{"kind":"monthly","ends_on":[31,15,31]}"#),
        Cycle::monthly([15, 31]).unwrap()
    );
    assert_eq!(Cycle::monthly([]), Err(CalendarError::NoClosingDays));
    assert_eq!(Cycle::dates([]), Err(CalendarError::NoClosingDates));
    for refused in [0, 32, u8::MAX] {
        assert_eq!(
            Cycle::monthly([15, refused]),
            Err(CalendarError::ClosingDayOutOfRange { day: refused })
        );
    }
}

#[test]
fn a_cycle_in_json_reads_as_it_was_written() {
    let table = [
        r#"{"kind":"daily"}"#,
        r#"{"kind":"weekly","ends_on":"sunday"}"#,
        r#"{"kind":"monthly","ends_on":[15,31]}"#,
        r#"{"kind":"dates","ends_on":["2026-01-31","2026-03-15"]}"#,
    ];
    for json in table {
        assert_eq!(serde_json::to_string(&cycle(json)).unwrap(), json);
    }
}

#[test]
fn a_cycle_that_is_not_understood_is_refused() {
    let table = [
        r#"{"kind":"yearly"}"#,
        r#"{"kind":"daily","ends_on":"sunday"}"#,
        r#"{"kind":"weekly"}"#,
        r#"{"kind":"weekly","ends_on":"sunday","at":"noon"}"#,
        r#"{"kind":"monthly","ends_on":[]}"#,
        r#"{"kind":"monthly","ends_on":[32]}"#,
        r#"{"kind":"monthly","ends_on":15}"#,
        r#"{"kind":"dates","ends_on":[]}"#,
        r#"{"kind":"dates","ends_on":["2026-02-30"]}"#,
    ];
    for json in table {
        assert!(serde_json::from_str::<Cycle>(json).is_err(), "{json}");
    }
    let error = serde_json::from_str::<Cycle>(r#"{"kind":"monthly","ends_on":[32]}"#).unwrap_err();
    assert!(error.to_string().contains("closing days are 1 to 31"), "{error}");
}

fn any_day() -> impl Strategy<Value = NaiveDate> {
    // 1971 to about 2080, so that the zones' rules of the past are met too.
    (0..40_000_u64).prop_map(|days| day("1971-01-01") + Days::new(days))
}

fn any_cycle() -> impl Strategy<Value = Cycle> {
    use Weekday::{Friday, Monday, Saturday, Sunday, Thursday, Tuesday, Wednesday};
    let week = vec![Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday];
    prop_oneof![
        Just(Cycle::Daily),
        prop::sample::select(week).prop_map(|ends_on| Cycle::Weekly { ends_on }),
        prop::collection::vec(1_u8..=31, 1..6).prop_map(|days| Cycle::monthly(days).unwrap()),
        prop::collection::vec(any_day(), 1..20).prop_map(|dates| {
            // The latest date closes after every day that is asked for.
            Cycle::dates(dates.into_iter().chain([day("2200-01-01")])).unwrap()
        }),
    ]
}

fn any_zone() -> impl Strategy<Value = TimeZone> {
    let names = [
        "Asia/Seoul",
        "America/Sao_Paulo",
        "America/New_York",
        "Europe/London",
        "Asia/Beirut",
        "UTC",
    ];
    prop::sample::select(names.to_vec()).prop_map(|name| TimeZone::parse(name).unwrap())
}

proptest! {
    #[test]
    fn windows_tile_the_days_without_gap_or_overlap(cycle in any_cycle(), of in any_day()) {
        let window = cycle.window_of(of).unwrap();
        prop_assert!(window.contains(of));
        prop_assert_eq!(cycle.window_of(window.starts_on).unwrap(), window);
        prop_assert_eq!(cycle.window_of(window.ends_on).unwrap(), window);
        if let Ok(next) = cycle.next(&window) {
            prop_assert_eq!(next.starts_on, window.ends_on.succ_opt().unwrap());
            prop_assert!(next.starts_on <= next.ends_on);
        }
        if window.starts_on > day("1970-01-01") {
            let before = cycle.window_of(window.starts_on.pred_opt().unwrap()).unwrap();
            prop_assert_eq!(cycle.next(&before).unwrap(), window);
        }
    }

    #[test]
    fn windows_tile_the_instants_without_gap_or_overlap(cycle in any_cycle(), of in any_day(), zone in any_zone()) {
        let window = cycle.window_of(of).unwrap();
        prop_assert!(window.start_at(zone) < window.end_at(zone));
        prop_assert_eq!(zone.date_of(window.start_at(zone)), window.starts_on);
        if let Ok(next) = cycle.next(&window) {
            prop_assert_eq!(next.start_at(zone), window.end_at(zone));
        }
        let just_before = window.end_at(zone) - chrono::TimeDelta::nanoseconds(1);
        prop_assert_eq!(zone.date_of(just_before), window.ends_on);
    }
}
