//! What was looked at, and what does not agree.

use std::fmt;
use std::time::Instant;

use chrono::{DateTime, Utc};
use serde::Serialize;

/// The outcome of all checks.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// When the first snapshot was taken, by that database's clock.
    pub as_of: DateTime<Utc>,
    /// Every check, in the order in which it ran.
    pub checks: Vec<Check>,
}

impl Report {
    /// Whether nothing was found.
    pub fn agrees(&self) -> bool {
        self.break_count() == 0
    }

    /// How many breaks there are, those included that are not listed one by one.
    pub fn break_count(&self) -> i64 {
        self.checks.iter().map(|check| check.break_count).sum()
    }

    /// How many events are still on their way to a service: no breaks.
    pub fn in_flight(&self) -> i64 {
        self.checks.iter().map(|check| check.in_flight).sum()
    }

    /// How many events or lines wait visibly: dead letters, those behind them, lines without a contract.
    pub fn waiting(&self) -> i64 {
        self.checks.iter().map(|check| check.waiting).sum()
    }

    /// Only the checks that found something.
    pub fn broken(&self) -> impl Iterator<Item = &Check> {
        self.checks.iter().filter(|check| check.break_count > 0)
    }
}

/// One check.
#[derive(Debug, Clone, Serialize)]
pub struct Check {
    /// Its name: `books_balance`.
    pub name: String,
    /// What it proves, in one sentence.
    pub what: String,
    /// How many things it looked at.
    pub examined: i64,
    /// How many of them are still on their way.
    pub in_flight: i64,
    /// How many of them wait visibly.
    pub waiting: i64,
    /// How long it took, in milliseconds.
    pub elapsed_ms: u64,
    /// How many breaks it found.
    pub break_count: i64,
    /// The first of them.
    pub breaks: Vec<Break>,
    #[serde(skip)]
    listed: usize,
    #[serde(skip)]
    began: Instant,
}

/// Something that does not agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Break {
    /// What it is about.
    pub ids: Vec<String>,
    /// What is wrong, with both sides of it.
    pub detail: String,
}

impl Check {
    /// A check that has found nothing yet and lists at most `listed` breaks.
    pub(crate) fn new(name: impl Into<String>, what: impl Into<String>, listed: usize) -> Self {
        Self {
            name: name.into(),
            what: what.into(),
            examined: 0,
            in_flight: 0,
            waiting: 0,
            elapsed_ms: 0,
            break_count: 0,
            breaks: Vec::new(),
            listed,
            began: Instant::now(),
        }
    }

    /// Hands it over to the others, done.
    pub(crate) fn done(mut self, checks: &mut Vec<Self>) {
        self.elapsed_ms = u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX);
        checks.push(self);
    }

    /// Notes a break.
    pub(crate) fn found(&mut self, ids: Vec<String>, detail: impl Into<String>) {
        self.break_count += 1;
        if self.breaks.len() < self.listed {
            self.breaks.push(Break {
                ids,
                detail: detail.into(),
            });
        }
    }

    /// Notes breaks of one thing.
    pub(crate) fn found_all(&mut self, id: &str, details: Vec<String>) {
        for detail in details {
            self.found(vec![id.to_owned()], detail);
        }
    }
}

/// For people: a line a check, its breaks below it.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for check in &self.checks {
            write!(f, "{check}")?;
        }
        let verdict = if self.agrees() {
            "everything agrees".to_owned()
        } else {
            format!("{} breaks", self.break_count())
        };
        write!(
            f,
            "{verdict} (as of {}; {} in flight, {} waiting)",
            self.as_of.format("%Y-%m-%d %H:%M:%S UTC"),
            self.in_flight(),
            self.waiting()
        )
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.break_count == 0 { "ok   " } else { "BREAK" };
        write!(
            f,
            "{mark} {:<44} {:>9} examined in {:>6} ms",
            self.name, self.examined, self.elapsed_ms
        )?;
        if self.in_flight > 0 {
            write!(f, ", {} in flight", self.in_flight)?;
        }
        if self.waiting > 0 {
            write!(f, ", {} waiting", self.waiting)?;
        }
        if self.break_count > 0 {
            write!(f, ", {} breaks: {}", self.break_count, self.what)?;
        }
        writeln!(f)?;
        for found in &self.breaks {
            writeln!(f, "      {}: {}", found.ids.join(" "), found.detail)?;
        }
        let unlisted = self.break_count - i64::try_from(self.breaks.len()).unwrap_or(0);
        if unlisted > 0 {
            writeln!(f, "      and {unlisted} more")?;
        }
        Ok(())
    }
}
