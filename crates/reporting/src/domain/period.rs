//! What a report is about.

use chrono::{Datelike, Months as CalendarMonths, NaiveDate};

/// The most days of one daily report: a quarter and a day to spare.
const MOST_DAYS: i64 = 93;
/// The most months of one partner's report.
const MOST_MONTHS: i64 = 120;

/// One thing that is wrong with a parameter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fault {
    /// The parameter.
    pub(crate) parameter: &'static str,
    /// What is wrong, and how to mend it.
    pub(crate) detail: String,
}

/// Days, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period {
    /// The first one.
    pub(crate) from: NaiveDate,
    /// The last one.
    pub(crate) to: NaiveDate,
}

impl Period {
    /// 1 to 93 days.
    pub(crate) fn parse(from: NaiveDate, to: NaiveDate) -> Result<Self, Vec<Fault>> {
        let days = to.signed_duration_since(from).num_days() + 1;
        within(days, MOST_DAYS, "days")?;
        in_range(from, to)?;
        Ok(Self { from, to })
    }
}

/// Whole months, both ends included, each by its first day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Months {
    /// The first one.
    pub(crate) from: NaiveDate,
    /// The last one.
    pub(crate) to: NaiveDate,
}

impl Months {
    /// The months that those days belong to, 1 to 120. Where both are left out: none, which means all that there are;
    /// where one is, the 120 months on from it, or up to it.
    pub(crate) fn parse(from: Option<NaiveDate>, to: Option<NaiveDate>) -> Result<Option<Self>, Vec<Fault>> {
        let span = CalendarMonths::new(u32::try_from(MOST_MONTHS - 1).unwrap_or_default());
        let (from, to) = match (from, to) {
            (None, None) => return Ok(None),
            (Some(from), Some(to)) => (from, to),
            (Some(from), None) => (
                from,
                first(from).checked_add_months(span).unwrap_or(NaiveDate::MAX),
            ),
            (None, Some(to)) => (first(to).checked_sub_months(span).unwrap_or(NaiveDate::MIN), to),
        };
        let (from, to) = (first(from), first(to));
        in_range(from, to)?;
        let months =
            i64::from(to.year() - from.year()) * 12 + i64::from(to.month()) - i64::from(from.month());
        within(months + 1, MOST_MONTHS, "months")?;
        Ok(Some(Self { from, to }))
    }
}

fn first(day: NaiveDate) -> NaiveDate {
    // Every month has a first day.
    day.with_day(1).unwrap_or(day)
}

fn within(length: i64, most: i64, unit: &str) -> Result<(), Vec<Fault>> {
    if (1..=most).contains(&length) {
        return Ok(());
    }
    Err(vec![Fault {
        parameter: "to",
        detail: format!("give a day that is not before from, and at most {most} {unit} in all"),
    }])
}

/// Years that the database can hold, too.
fn in_range(from: NaiveDate, to: NaiveDate) -> Result<(), Vec<Fault>> {
    let faults: Vec<Fault> = [("from", from), ("to", to)]
        .into_iter()
        .filter(|(_, day)| !(1..=9999).contains(&day.year()))
        .map(|(parameter, _)| Fault {
            parameter,
            detail: "give a day of the years 1 to 9999".to_owned(),
        })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_period_has_1_to_93_days() {
        for (from, to, good) in [
            ("2026-12-01", "2026-12-01", true),
            ("2026-12-02", "2026-12-01", false),
            ("2026-10-01", "2027-01-01", true),
            ("2026-10-01", "2027-01-02", false),
            ("0000-12-31", "0001-01-01", false),
            ("9999-12-31", "9999-12-31", true),
            ("+10000-01-01", "+10000-01-01", false),
        ] {
            assert_eq!(Period::parse(day(from), day(to)).is_ok(), good, "{from} {to}");
        }
    }

    #[test]
    fn months_are_whole_and_at_most_120() {
        for (from, to, expected) in [
            (
                Some("2026-12-15"),
                Some("2027-01-02"),
                Some(("2026-12-01", "2027-01-01")),
            ),
            (
                Some("2026-12-15"),
                Some("2026-12-01"),
                Some(("2026-12-01", "2026-12-01")),
            ),
            (Some("2026-12-15"), Some("2026-11-30"), None),
            (
                Some("2017-01-01"),
                Some("2026-12-31"),
                Some(("2017-01-01", "2026-12-01")),
            ),
            (Some("2016-12-31"), Some("2026-12-31"), None),
            (Some("2017-01-31"), None, Some(("2017-01-01", "2026-12-01"))),
            (None, Some("2026-12-31"), Some(("2017-01-01", "2026-12-01"))),
            (None, Some("0001-01-01"), None),
            (Some("9999-01-01"), None, None),
        ] {
            let found = Months::parse(from.map(day), to.map(day)).ok().flatten();
            let expected = expected.map(|(from, to)| Months {
                from: day(from),
                to: day(to),
            });
            assert_eq!(found, expected, "{from:?} {to:?}");
        }
        assert_eq!(Months::parse(None, None), Ok(None));
    }
}
