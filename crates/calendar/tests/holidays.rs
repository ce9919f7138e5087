//! The holiday data: its rules, its version, and how it compares with a file made by others.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use calendar::{CalendarError, Holidays};
use chrono::NaiveDate;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn holidays_in(code: &str, from: &str, to: &str) -> Vec<String> {
    let (from, to) = (day(from), day(to));
    let inside = Holidays::named(code)
        .unwrap()
        .iter()
        .filter(|date| (from..=to).contains(date));
    inside.map(|date| date.to_string()).collect()
}

#[test]
fn holidays_follow_the_law_of_their_year() {
    // Country, first and last day looked at, all holidays between.
    let table: [(&str, &str, &str, &[&str]); 15] = [
        // Chuseok on a Sunday, between two national days.
        (
            "KR",
            "2025-10-01",
            "2025-10-12",
            &[
                "2025-10-03",
                "2025-10-05",
                "2025-10-06",
                "2025-10-07",
                "2025-10-08",
                "2025-10-09",
            ],
        ),
        // Children's day and Buddha's birthday on one day have one substitute.
        ("KR", "2025-05-02", "2025-05-10", &["2025-05-05", "2025-05-06"]),
        // Seollal on a Saturday is not made up for, on a Sunday it is.
        (
            "KR",
            "2021-02-08",
            "2021-02-17",
            &["2021-02-11", "2021-02-12", "2021-02-13"],
        ),
        (
            "KR",
            "2024-02-08",
            "2024-02-14",
            &["2024-02-09", "2024-02-10", "2024-02-11", "2024-02-12"],
        ),
        // 3 October on a Sunday before and after it had a substitute.
        ("KR", "2027-10-01", "2027-10-05", &["2027-10-03", "2027-10-04"]),
        ("KR", "2021-03-01", "2021-03-02", &["2021-03-01"]),
        ("KR", "2020-08-14", "2020-08-18", &["2020-08-15", "2020-08-17"]),
        // Memorial day never has one.
        ("KR", "2027-06-01", "2027-06-30", &["2027-06-06"]),
        // After the data the comparison file has: Chuseok 2029 ends on a Sunday, children's day is a
        // Saturday.
        (
            "KR",
            "2029-09-20",
            "2029-09-26",
            &["2029-09-21", "2029-09-22", "2029-09-23", "2029-09-24"],
        ),
        ("KR", "2029-05-02", "2029-05-09", &["2029-05-05", "2029-05-07"]),
        // The local election day would have been the day before memorial day.
        ("KR", "2030-06-01", "2030-06-30", &["2030-06-06", "2030-06-12"]),
        ("BR", "2023-11-01", "2023-11-30", &["2023-11-02", "2023-11-15"]),
        (
            "BR",
            "2024-11-01",
            "2024-11-30",
            &["2024-11-02", "2024-11-15", "2024-11-20"],
        ),
        // New year's day of 2028 is a Saturday.
        (
            "US",
            "2027-12-20",
            "2028-01-05",
            &["2027-12-24", "2027-12-25", "2027-12-31", "2028-01-01"],
        ),
        ("US", "2020-06-15", "2020-07-04", &["2020-07-03", "2020-07-04"]),
    ];
    for (code, from, to, expected) in table {
        assert_eq!(holidays_in(code, from, to), expected, "{code} {from} to {to}");
    }
}

#[test]
fn business_days_are_weekdays_without_holidays() {
    let kr = Holidays::named("KR").unwrap();
    assert!(kr.is_business_day(day("2025-10-10")));
    assert!(!kr.is_business_day(day("2025-10-11")), "a Saturday");
    assert!(!kr.is_business_day(day("2025-10-08")), "a substitute holiday");
    assert!(
        Holidays::named("NONE")
            .unwrap()
            .is_business_day(day("2025-10-08"))
    );
    assert!(
        !Holidays::named("NONE")
            .unwrap()
            .is_business_day(day("2025-10-12"))
    );
}

#[test]
fn an_unknown_calendar_is_refused_with_the_known_ones() {
    for code in ["JP", "kr", ""] {
        let error = Holidays::named(code).unwrap_err();
        assert_eq!(
            error,
            CalendarError::UnknownCalendar {
                code: code.to_owned()
            }
        );
        assert!(error.to_string().contains("KR, BR, US, or NONE"));
    }
}

#[test]
fn every_calendar_covers_whole_years() {
    for code in ["KR", "BR", "US"] {
        let holidays = Holidays::named(code).unwrap();
        assert!(holidays.covers(day("2016-01-01")) && holidays.covers(day("2035-12-31")));
        assert!(!holidays.covers(day("2015-12-31")) && !holidays.covers(day("2036-01-01")));
        assert!(holidays.iter().all(|date| holidays.covers(date)));
    }
    assert!(Holidays::named("NONE").unwrap().covers(day("2099-01-01")));
}

/// FNV-1a over the dates: enough to notice a change.
fn fingerprint(holidays: &Holidays) -> u64 {
    let text: String = holidays.iter().map(|date| date.to_string()).collect();
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[test]
fn changed_data_needs_a_new_version() {
    let table = [
        ("KR", "KR-2026.1", "0647220fcc52b355"),
        ("BR", "BR-2026.1", "7b479c15233cc53c"),
        ("US", "US-2026.1", "c99d67647cd5ab2c"),
        ("NONE", "NONE-1", "cbf29ce484222325"),
    ];
    for (code, version, expected) in table {
        let holidays = Holidays::named(code).unwrap();
        assert_eq!(
            (
                holidays.version(),
                format!("{:016x}", fingerprint(holidays)).as_str()
            ),
            (version, expected),
            "the data of {code} changed: give it a new version, then write both here"
        );
    }
}

/// Country, date, and why ours differs from the file. Empty: there is no difference.
const KNOWN_DIFFERENCES: [(&str, &str, &str); 0] = [];

#[test]
fn holidays_agree_with_the_comparison_file() {
    let shared = std::env::var_os("JEONGSAN_SHARED_DATA").map_or_else(
        || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
        PathBuf::from,
    );
    let file = shared.join("holidays/public_holidays_KR_BR_US_2016_2028.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!(
            "skipped: there is no comparison file at {}, set JEONGSAN_SHARED_DATA",
            file.display()
        );
        return;
    };
    let theirs: BTreeMap<String, BTreeMap<NaiveDate, String>> = serde_json::from_str(&text).unwrap();
    let (first, last) = (day("2016-01-01"), day("2028-12-31"));
    let mut found = Vec::new();
    for code in ["KR", "BR", "US"] {
        let theirs: BTreeSet<NaiveDate> = theirs[code].keys().copied().collect();
        let ours: BTreeSet<NaiveDate> = Holidays::named(code)
            .unwrap()
            .iter()
            .filter(|date| (first..=last).contains(date))
            .collect();
        assert!(!theirs.is_empty());
        found.extend(
            ours.symmetric_difference(&theirs)
                .map(|date| (code, date.to_string())),
        );
    }
    let known: Vec<_> = KNOWN_DIFFERENCES
        .iter()
        .map(|(code, date, _)| (*code, (*date).to_owned()))
        .collect();
    assert_eq!(found, known);
}
