//! What the rounds measured.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bench::median::median;

/// What is compared, in the order of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// The relay, beside a producer.
    Relay,
    /// A consumer that does nothing, beside a bare one.
    Nothing,
    /// A consumer that writes a row, beside a bare one that writes the same.
    Row,
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Relay => "relay",
            Self::Nothing => "consumer, no effect",
            Self::Row => "consumer, a row each",
        })
    }
}

/// Events per second, of the platform and of the client library alone.
#[derive(Default)]
pub struct Figures(BTreeMap<What, Vec<(u64, u64)>>);

impl Figures {
    /// Adds what one round measured.
    pub fn add(&mut self, what: What, platform: u64, raw: u64) {
        self.0.entry(what).or_default().push((platform, raw));
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<20} | {:>10} | {:>11} | {:>7}",
            "", "platform/s", "rdkafka/s", "ratio %"
        )?;
        for (what, rates) in &self.0 {
            let platform = median(rates.iter().map(|(platform, _)| *platform));
            let raw = median(rates.iter().map(|(_, raw)| *raw));
            let ratio = (platform * 100).checked_div(raw).unwrap_or(0);
            writeln!(f, "{what:<20} | {platform:>10} | {raw:>11} | {ratio:>7}")?;
        }
        Ok(())
    }
}

/// Whole events per second.
pub fn rate(events: u64, took: Duration) -> u64 {
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    events.saturating_mul(1_000_000) / micros
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_in_whole_events_per_second() {
        assert_eq!(rate(100_000, Duration::from_millis(2_500)), 40_000);
        assert_eq!(rate(0, Duration::ZERO), 0);
    }
}
