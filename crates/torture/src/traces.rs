//! What a fault leaves behind in the services: counters, and lines of their logs.

use std::collections::BTreeMap;

use anyhow::Result;
use e2e::{Api, Platform};

/// Where a trace is found.
enum Place {
    /// The sum of a counter over all processes that run at the end.
    Counter(&'static str),
    /// Lines of all logs with these words, those of processes that are gone included.
    Lines(&'static str),
}

/// The traces, by the name that a report gives them.
const TRACES: &[(&str, Place)] = &[
    (
        "relay failures",
        Place::Lines("events could not be published; they are kept and tried again"),
    ),
    ("new leaders", Place::Lines("this copy leads")),
    ("leads given up", Place::Lines("another copy leads, or may lead")),
    (
        "late writes refused",
        Place::Counter("jeongsan_lease_refused_total"),
    ),
    ("events healed", Place::Counter("jeongsan_consumer_healed_total")),
    (
        "consumer steps failed",
        Place::Lines("a step of a consumer failed"),
    ),
    (
        "consumer stalls",
        Place::Lines("nothing has come for a while although there is something"),
    ),
    (
        "Kafka read errors",
        Place::Lines("Kafka cannot be read; trying again"),
    ),
    ("cache failures", Place::Counter("jeongsan_cache_failures_total")),
    (
        "cache lost",
        Place::Lines("the cache is away; the platform goes on without it"),
    ),
    ("cache connected", Place::Lines("the cache is connected")),
    ("cache hits", Place::Counter("jeongsan_cache_reads_total")),
    ("primary changes", Place::Lines("the primary has changed")),
    (
        "requests at a bad moment",
        Place::Lines("a request came at a bad moment"),
    ),
    (
        "unknown outcomes",
        Place::Lines("the outcome of an operation is not known"),
    ),
];

/// What there is of each trace.
pub(crate) async fn collect(platform: &Platform, ports: &[u16]) -> Result<BTreeMap<&'static str, u64>> {
    let mut pages = Vec::new();
    for port in ports {
        // A process that was killed and not replaced says nothing more.
        if let Ok(page) = metrics(*port).await {
            pages.push(page);
        }
    }
    let mut logs = Vec::new();
    for path in platform.logs().into_values() {
        logs.push(tokio::fs::read_to_string(path).await?);
    }
    let count = |place: &Place| match place {
        Place::Counter(name) => pages.iter().map(|page| sum(page, name)).sum(),
        Place::Lines(words) => logs.iter().map(|log| lines(log, words)).sum(),
    };
    Ok(TRACES.iter().map(|(name, place)| (*name, count(place))).collect())
}

/// What was added to each trace. What a counter of a killed process had counted is gone with it.
pub(crate) fn since(
    before: &BTreeMap<&'static str, u64>,
    mut after: BTreeMap<&'static str, u64>,
) -> BTreeMap<&'static str, u64> {
    for (name, count) in &mut after {
        *count = count.saturating_sub(before.get(name).copied().unwrap_or(0));
    }
    after
}

/// The metrics of the process that listens there.
pub(crate) async fn metrics(port: u16) -> Result<String> {
    let api = Api::new(format!("http://127.0.0.1:{port}"), "");
    api.text("/metrics").await
}

/// The sum of a counter over all its labels.
pub(crate) fn sum(page: &str, name: &str) -> u64 {
    let values = page
        .lines()
        .filter_map(|line| line.strip_prefix(name))
        .filter(|rest| rest.starts_with(['{', ' ']))
        .filter_map(|rest| rest.rsplit(' ').next()?.split('.').next()?.parse::<u64>().ok());
    values.sum()
}

fn lines(log: &str, words: &str) -> u64 {
    u64::try_from(log.lines().filter(|line| line.contains(words)).count()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counter_is_summed_over_its_labels_and_no_other_counter() {
        let page = "# TYPE refused counter\nrefused{lease=\"relay\"} 2\nrefused{lease=\"clock x\"} 3\nrefused_late 9\n";
        assert_eq!(sum(page, "refused"), 5);
        assert_eq!(sum("refused 4\n", "refused"), 4);
        assert_eq!(sum(page, "other"), 0);
    }
}
