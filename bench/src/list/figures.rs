//! What was measured, as a table.

use std::fmt::{self, Write as _};

use crate::asking::Spread;

/// One list.
pub struct Row {
    pub name: String,
    /// How many payments the walk has seen.
    pub rows: usize,
    /// Whether these are all.
    pub is_whole: bool,
    /// By page, the first first: how long it took one client, and each of several at once.
    pub places: Vec<(usize, Spread, Spread)>,
    /// Every page of the walk, each for the first time.
    pub walk: Spread,
}

/// Milliseconds with one place behind the point.
fn ms(micros: u64) -> String {
    let tenths = (micros + 50) / 100;
    format!("{}.{}", tenths / 10, tenths % 10)
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [p50, p99, max] = [self.p50_us, self.p99_us, self.max_us].map(ms);
        write!(f, "{p50} / {p99} / {max}")
    }
}

/// How many times the first the other is, with two places behind the point.
fn ratio(first: u64, other: u64) -> String {
    let hundredths = (other * 100).checked_div(first).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let none = (0, Spread::default(), Spread::default());
        let (_, first, first_of_many) = self.places.first().unwrap_or(&none);
        let (deep_page, deep, deep_of_many) = self.places.last().unwrap_or(&none);
        let more = if self.is_whole { "" } else { "+" };
        let at = |page: usize| {
            let place = self.places.iter().find(|(number, ..)| *number == page);
            place.map_or_else(|| "-".to_owned(), |(_, one, _)| ms(one.p50_us))
        };
        write!(
            f,
            "| {} | {}{more} | {first} | {} | {} | {deep_page} | {deep} | {} | {first_of_many} | {deep_of_many} | {} |",
            self.name,
            self.rows,
            at(100),
            at(1_000),
            ratio(first.p50_us, deep.p50_us),
            self.walk
        )
    }
}

/// All of them. Where there are three times, they are p50, p99 and the longest, in milliseconds.
pub fn table(rows: &[Row]) -> String {
    let mut text = String::from(
        "| list | rows seen | page 1 | page 100, p50 | page 1,000, p50 | deepest | there | deep / first | \
         page 1, 8 clients | deepest, 8 clients | every page once |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
    );
    for row in rows {
        let _never = writeln!(text, "{row}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rounded_and_set_beside_each_other() {
        assert_eq!(ms(1_250), "1.3");
        assert_eq!(ms(49), "0.0");
        assert_eq!(ratio(2_000, 2_500), "1.25");
        assert_eq!(ratio(0, 1), "0.00");
    }
}
