//! What the rounds measured, and their medians.

use std::collections::BTreeMap;
use std::fmt;

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

/// The middle one, the mean of the two middle ones of an even number; 0 of none.
fn median(values: impl Iterator<Item = u64>) -> u64 {
    let mut sorted: Vec<u64> = values.collect();
    sorted.sort_unstable();
    let middle = |at: usize| sorted.get(at).copied().unwrap_or(0);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 {
        middle(half)
    } else {
        u64::midpoint(middle(half.saturating_sub(1)), middle(half))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_of_the_sorted() {
        for (values, expected) in [(&[][..], 0), (&[7], 7), (&[9, 1, 5], 5), (&[4, 1, 2, 100], 3)] {
            assert_eq!(median(values.iter().copied()), expected, "{values:?}");
        }
    }
}
