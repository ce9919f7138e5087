//! What the rounds measured, and their medians.

use std::collections::BTreeMap;
use std::fmt;

use bench::median::median;

/// Rates by the number of clients.
#[derive(Default)]
pub struct Rounds(BTreeMap<u16, Vec<(u64, u64)>>);

impl Rounds {
    /// Adds one round: payments per second of the floor and of the platform.
    pub fn add(&mut self, clients: u16, floor: u64, paid: u64) {
        self.0.entry(clients).or_default().push((floor, paid));
    }
}

impl fmt::Display for Rounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:>7} | {:>9} | {:>10} | {:>7}",
            "clients", "floor/s", "payments/s", "ratio %"
        )?;
        for (clients, rates) in &self.0 {
            let floor = median(rates.iter().map(|(floor, _)| *floor));
            let paid = median(rates.iter().map(|(_, paid)| *paid));
            let ratio = (paid * 100).checked_div(floor).unwrap_or(0);
            writeln!(f, "{clients:>7} | {floor:>9} | {paid:>10} | {ratio:>7}")?;
        }
        Ok(())
    }
}
