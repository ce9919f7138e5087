//! What the rounds measured, and their medians.

use std::collections::BTreeMap;
use std::fmt;

use bench::load::Paid;
use bench::median::median;

use crate::floor::Written;

/// One round of the floor and one of the platform.
#[derive(Debug, Clone, Copy)]
pub struct Round {
    floor_per_second: u64,
    paid_per_second: u64,
    p50_us: u64,
    p99_us: u64,
}

impl Round {
    /// What both did.
    pub fn of(floor: &Written, paid: &Paid) -> Self {
        Self {
            floor_per_second: floor.per_second,
            paid_per_second: paid.per_second,
            p50_us: paid.percentile_us(50),
            p99_us: paid.percentile_us(99),
        }
    }
}

/// One round at half of the rate that was reached.
#[derive(Debug, Clone, Copy)]
pub struct Half {
    per_second: u64,
    p50_us: u64,
    p99_us: u64,
    /// How much p99 is of p50.
    percent: u64,
}

impl Half {
    /// What was answered.
    pub fn of(paid: &Paid) -> Self {
        let (p50_us, p99_us) = (paid.percentile_us(50), paid.percentile_us(99));
        Self {
            per_second: paid.per_second,
            p50_us,
            p99_us,
            percent: (p99_us * 100).checked_div(p50_us).unwrap_or(0),
        }
    }

    /// The median of each figure.
    pub fn median(rounds: &[Self]) -> Self {
        let of = |value: fn(&Self) -> u64| median(rounds.iter().map(value));
        Self {
            per_second: of(|round| round.per_second),
            p50_us: of(|round| round.p50_us),
            p99_us: of(|round| round.p99_us),
            percent: of(|round| round.percent),
        }
    }
}

impl fmt::Display for Half {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            per_second,
            p50_us,
            p99_us,
            percent,
        } = self;
        write!(
            f,
            "{per_second} payments/s, p50 {p50_us} us, p99 {p99_us} us, {percent} % of p50"
        )
    }
}

/// Rounds by the number of clients.
#[derive(Default)]
pub struct Rounds(BTreeMap<u16, Vec<Round>>);

impl Rounds {
    /// Adds one round.
    pub fn add(&mut self, clients: u16, round: Round) {
        self.0.entry(clients).or_default().push(round);
    }

    /// The largest number of clients, and how many payments a second they made in the median.
    pub fn busiest(&self) -> Option<(u16, u64)> {
        let (clients, rounds) = self.0.last_key_value()?;
        Some((*clients, median(rounds.iter().map(|round| round.paid_per_second))))
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>7} | {:>9} | {:>10} | {:>7} | {:>7} | {:>7}",
            "clients", "floor/s", "payments/s", "ratio %", "p50 us", "p99 us"
        )?;
        for (clients, rounds) in &self.0 {
            let of = |value: fn(&Round) -> u64| median(rounds.iter().map(value));
            let floor = of(|round| round.floor_per_second);
            let paid = of(|round| round.paid_per_second);
            let ratio = (paid * 100).checked_div(floor).unwrap_or(0);
            writeln!(
                f,
                "{clients:>7} | {floor:>9} | {paid:>10} | {ratio:>7} | {:>7} | {:>7}",
                of(|round| round.p50_us),
                of(|round| round.p99_us)
            )?;
        }
        Ok(())
    }
}
