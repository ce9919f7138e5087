//! What can go wrong when a calendar is asked.

use chrono::{NaiveDate, NaiveDateTime};

/// A question the calendar cannot answer, and what to do about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarError {
    /// No holiday data of this name is built in.
    #[error("there is no holiday calendar \"{code}\": choose one of KR, BR, US, or NONE for weekends only")]
    UnknownCalendar {
        /// The name that was asked for.
        code: String,
    },
    /// A due date would have to be computed on a day whose holidays are not known. Guessing would pay money
    /// out on a holiday, so it is refused.
    #[error(
        "the holiday calendar {code} has no data for {date}: choose a date within its years, or install a release \
         whose calendar covers it"
    )]
    OutsideCalendar {
        /// The calendar that was asked.
        code: String,
        /// The first day it knows nothing about.
        date: NaiveDate,
    },
    /// The name is not in the IANA time zone database.
    #[error("\"{name}\" is not an IANA time zone: write it like Asia/Seoul or America/Sao_Paulo")]
    UnknownTimeZone {
        /// The name that was asked for.
        name: String,
    },
    /// Clocks of the zone jumped over this local time.
    #[error(
        "{local} never happened in {zone}, its clocks were put forward over it: give a local time outside that \
         hour, or give the instant in UTC"
    )]
    SkippedLocalTime {
        /// The local time that does not exist.
        local: NaiveDateTime,
        /// The IANA name of the zone.
        zone: String,
    },
    /// A monthly cycle without a closing day would never close.
    #[error(
        "a monthly cycle needs at least one closing day: give ends_on like [15, 31], where 31 is the last day"
    )]
    NoClosingDays,
    /// A closing day that no month has.
    #[error("{day} is not a day of a month: closing days are 1 to 31, where 31 is the last day of any month")]
    ClosingDayOutOfRange {
        /// The day that was given.
        day: u8,
    },
    /// A cycle of named dates without a date would never close.
    #[error("a cycle of named dates needs at least one date: give ends_on like [\"2026-01-31\"]")]
    NoClosingDates,
    /// A cycle of named dates has come to its end.
    #[error("{day} is after {last}, the last closing date of this cycle: add later dates to the contract")]
    AfterLastClosingDate {
        /// The day whose window was asked for.
        day: NaiveDate,
        /// The last named date.
        last: NaiveDate,
    },
    /// A day outside the years this crate computes with.
    #[error("{day} is outside of 1970-01-01 to 9999-12-31: check the year")]
    DayOutOfRange {
        /// The day that was given.
        day: NaiveDate,
    },
}
