//! Business-local days as instants.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use calendar::{CalendarError, TimeZone, Window};
use chrono::{DateTime, NaiveDate, NaiveDateTime, Utc};

fn zone(name: &str) -> TimeZone {
    TimeZone::parse(name).unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn a_window_is_from_the_first_instant_of_its_first_day_to_the_end_of_its_last() {
    let table = [
        (
            "Asia/Seoul",
            "2026-01-01",
            "2026-01-31",
            "2025-12-31T15:00:00Z",
            "2026-01-31T15:00:00Z",
        ),
        (
            "UTC",
            "2026-01-01",
            "2026-01-01",
            "2026-01-01T00:00:00Z",
            "2026-01-02T00:00:00Z",
        ),
        // A day of 23 and one of 25 hours.
        (
            "America/New_York",
            "2026-03-08",
            "2026-03-08",
            "2026-03-08T05:00:00Z",
            "2026-03-09T04:00:00Z",
        ),
        (
            "America/New_York",
            "2026-11-01",
            "2026-11-01",
            "2026-11-01T04:00:00Z",
            "2026-11-02T05:00:00Z",
        ),
        // Clocks jumped from midnight to one: the day began at 01:00.
        (
            "America/Sao_Paulo",
            "2018-11-04",
            "2018-11-04",
            "2018-11-04T03:00:00Z",
            "2018-11-05T02:00:00Z",
        ),
        // Clocks went back from midnight to 23:00: the day before had 25 hours.
        (
            "America/Sao_Paulo",
            "2019-02-16",
            "2019-02-16",
            "2019-02-16T02:00:00Z",
            "2019-02-17T03:00:00Z",
        ),
        // 00:00 to 01:00 happened twice: the day begins with the first.
        (
            "America/Havana",
            "2025-11-02",
            "2025-11-02",
            "2025-11-02T04:00:00Z",
            "2025-11-03T05:00:00Z",
        ),
        // The island skipped 30 December 2011: a window of that day is empty.
        (
            "Pacific/Apia",
            "2011-12-30",
            "2011-12-30",
            "2011-12-30T10:00:00Z",
            "2011-12-30T10:00:00Z",
        ),
    ];
    for (name, starts_on, ends_on, start_at, end_at) in table {
        let window = Window {
            starts_on: starts_on.parse().unwrap(),
            ends_on: ends_on.parse().unwrap(),
        };
        assert_eq!(window.start_at(zone(name)), at(start_at), "{name} {starts_on}");
        assert_eq!(window.end_at(zone(name)), at(end_at), "{name} {ends_on}");
    }
}

#[test]
fn an_instant_belongs_to_the_local_day() {
    let table = [
        ("Asia/Seoul", "2026-01-31T14:59:59.999999999Z", "2026-01-31"),
        ("Asia/Seoul", "2026-01-31T15:00:00Z", "2026-02-01"),
        ("America/Sao_Paulo", "2026-01-31T02:59:59Z", "2026-01-30"),
    ];
    for (name, instant, expected) in table {
        assert_eq!(
            zone(name).date_of(at(instant)),
            expected.parse::<NaiveDate>().unwrap(),
            "{name} {instant}"
        );
    }
}

#[test]
fn a_local_time_that_happened_twice_is_the_earlier() {
    let local: NaiveDateTime = "2026-11-01T01:30:00".parse().unwrap();
    assert_eq!(
        zone("America/New_York").local_to_utc(local),
        Ok(at("2026-11-01T05:30:00Z"))
    );
    assert_eq!(
        zone("Asia/Seoul").local_to_utc(local),
        Ok(at("2026-10-31T16:30:00Z"))
    );
}

#[test]
fn a_local_time_that_was_skipped_is_refused_by_name() {
    let local: NaiveDateTime = "2026-03-08T02:30:00".parse().unwrap();
    let error = zone("America/New_York").local_to_utc(local).unwrap_err();
    assert_eq!(
        error,
        CalendarError::SkippedLocalTime {
            local,
            zone: "America/New_York".to_owned()
        }
    );
    assert!(
        error
            .to_string()
            .contains("2026-03-08 02:30:00 never happened in America/New_York"),
        "{error}"
    );
}

#[test]
fn a_zone_in_json_is_its_name() {
    assert_eq!(
        serde_json::to_string(&TimeZone::default()).unwrap(),
        r#""Asia/Seoul""#
    );
    assert_eq!(
        serde_json::from_str::<TimeZone>(r#""Asia/Seoul""#).unwrap(),
        TimeZone::default()
    );
    for name in ["KST", "asia/seoul", "", "+09:00"] {
        assert_eq!(
            TimeZone::parse(name),
            Err(CalendarError::UnknownTimeZone {
                name: name.to_owned()
            })
        );
        assert!(serde_json::from_str::<TimeZone>(&format!("\"{name}\"")).is_err());
    }
}

#[test]
fn far_dates_do_not_fail() {
    let window = Window {
        starts_on: NaiveDate::MIN,
        ends_on: NaiveDate::MAX,
    };
    for name in ["Asia/Seoul", "America/New_York"] {
        assert!(window.start_at(zone(name)) < window.end_at(zone(name)));
    }
}
