//! Months, the periods of the books.

use std::fmt;

use chrono::{Datelike, Months, NaiveDate};

/// A calendar month: `2026-11`. Ordered by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    pub(crate) fn of(day: NaiveDate) -> Self {
        // Every month has a first day.
        Self(day.with_day(1).unwrap_or(day))
    }

    /// Reads `yyyy-mm`, nothing else.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, 1).map(Self)
    }

    /// Its first day, which stands for it in the database.
    pub(crate) fn first_day(self) -> NaiveDate {
        self.0
    }

    /// The month after it; itself at the end of time.
    pub(crate) fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// The day to which what happened on `day` is posted, where everything up to `closed_through` is closed: that
    /// day, or the first day of the first open month.
    pub(crate) fn posting_day(day: NaiveDate, closed_through: Option<Self>) -> NaiveDate {
        match closed_through {
            Some(closed) if Self::of(day) <= closed => closed.next().first_day(),
            _ => day,
        }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_month_is_four_digits_and_two() {
        for text in ["2026-01", "2026-12", "0001-01", "9999-12"] {
            assert_eq!(Month::parse(text).unwrap().to_string(), text);
        }
        for text in [
            "",
            "2026",
            "2026-13",
            "2026-00",
            "2026-1",
            "26-01",
            "2026-01-01",
            "+026-01",
            "2026-0１",
        ] {
            assert_eq!(Month::parse(text), None, "{text}");
        }
    }

    #[test]
    fn what_falls_into_a_closed_month_goes_to_the_first_open_one() {
        for (happened, closed_through, posted) in [
            ("2026-01-31", None, "2026-01-31"),
            ("2026-01-31", Some("2025-12"), "2026-01-31"),
            ("2026-01-31", Some("2026-01"), "2026-02-01"),
            ("2026-02-28", Some("2026-01"), "2026-02-28"),
            ("2025-06-15", Some("2026-12"), "2027-01-01"),
        ] {
            let closed = closed_through.and_then(Month::parse);
            assert_eq!(
                Month::posting_day(day(happened), closed),
                day(posted),
                "{happened}"
            );
        }
    }
}
