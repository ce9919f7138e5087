//! What came of a run.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use serde::Serialize;

use crate::audit::Audit;
use crate::fault::Fault;
use crate::partitions::Partitions;
use crate::seen::Seen;
use crate::{Options, millis};

/// How many lines of a broken proof are shown.
const SHOWN_LINES: usize = 40;

/// Times and sizes that were measured.
pub(crate) struct Measured {
    pub(crate) load: Duration,
    pub(crate) longest_pause: Duration,
    pub(crate) first_after_fault: Option<Duration>,
    pub(crate) backlog_peak: u64,
    pub(crate) caught_up: Option<Duration>,
    pub(crate) drained: Option<Duration>,
}

/// What came of a run. Times are milliseconds.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The fault.
    pub fault: &'static str,
    /// What it happened to.
    pub shape: String,
    /// Of payments and instants.
    pub seed: u64,
    /// What repeats this run.
    pub command: String,
    /// How long clients paid.
    pub load_ms: u64,
    /// Payments answered with success.
    pub acknowledged: u64,
    /// Acknowledged in a second, on average.
    pub per_second: u64,
    /// Acknowledged and not there.
    pub lost: u64,
    /// There twice, or charged twice.
    pub doubled: u64,
    /// Completed and never charged.
    pub uncharged: u64,
    /// Whether every event stands in Kafka, behind those before it, and was handled in that order.
    pub order_kept: bool,
    /// Whether `jeongsan verify` found no break.
    pub verify_clean: bool,
    /// Payments that were not answered, however often asked.
    pub unanswered: u64,
    /// Payments refused for good. None should be.
    pub refused: u64,
    /// The longest time without an acknowledgement.
    pub longest_pause_ms: u64,
    /// From the fault to the first acknowledgement after it.
    pub first_after_fault_ms: Option<u64>,
    /// Events published and not handled, at most, while the fault was there and after it.
    pub backlog_peak: u64,
    /// From the last step of the fault until the backlog was less than two seconds of load. The load goes on.
    pub caught_up_ms: Option<u64>,
    /// From the end of the load until all events were handled.
    pub drained_ms: Option<u64>,
    /// What kept clients from an answer, and how often.
    pub errors: BTreeMap<String, u64>,
    /// Requests that clients repeated, those included that were answered with "in progress".
    pub repeats: u64,
    /// What was done, and when.
    pub deeds: Vec<String>,
    /// What the fault left in the services' logs and counters.
    pub traces: BTreeMap<&'static str, u64>,
    /// Events in Kafka, those that stand there twice, gaps, those before an earlier one of their aggregate, those that
    /// are missing at the end, and those in the place of another. None
    /// without Kafka.
    pub in_kafka: Option<[u64; 6]>,
    /// Payments listed, keys shown again, charges at the network, changes of partners.
    pub counted: [u64; 4],
    /// Promises that were not kept.
    pub broken_promises: Vec<String>,
    /// Examples of what is wrong.
    pub examples: Vec<String>,
}

impl Report {
    #[allow(clippy::too_many_arguments, reason = "a report is what all others found")]
    pub(crate) fn new(
        fault: &Fault,
        options: &Options,
        measured: &Measured,
        seen: &Seen,
        audit: &Audit,
        partitions: Option<Partitions>,
        mut traces: BTreeMap<&'static str, u64>,
        deeds: Vec<String>,
        (verify_clean, verify_text): (bool, String),
    ) -> Self {
        let acknowledged = count(seen.acknowledged.len());
        let mut examples = audit.examples.clone();
        examples.extend(seen.refused.iter().take(3).cloned());
        if !verify_clean {
            examples.extend(verify_text.lines().take(SHOWN_LINES).map(str::to_owned));
        }
        let in_order = partitions.is_none_or(|found| found.are_in_order());
        let broken_promises = broken(fault, measured, seen, &traces);
        traces.retain(|name, count| *count > 0 || fault.bites.contains(name));
        Self {
            fault: fault.name,
            shape: fault.shape(),
            seed: options.seed,
            command: options.command(fault),
            load_ms: millis(measured.load),
            acknowledged,
            per_second: acknowledged * 1_000 / millis(measured.load).max(1),
            lost: audit.lost,
            doubled: audit.doubled,
            uncharged: audit.uncharged,
            order_kept: in_order && measured.drained.is_some(),
            verify_clean,
            unanswered: count(seen.unanswered.len()),
            refused: count(seen.refused.len()),
            longest_pause_ms: millis(measured.longest_pause),
            first_after_fault_ms: measured.first_after_fault.map(millis),
            backlog_peak: measured.backlog_peak,
            caught_up_ms: measured.caught_up.map(millis),
            drained_ms: measured.drained.map(millis),
            errors: seen.errors.clone(),
            repeats: seen.repeats,
            deeds,
            traces,
            in_kafka: partitions.map(|p| [p.events, p.repeats, p.gaps, p.disordered, p.missing, p.changed]),
            counted: [audit.payments, audit.repeated, audit.charged, seen.renamed],
            broken_promises,
            examples,
        }
    }

    /// Whether something is lost or doubled, the order is not kept, or the proof found a break.
    pub fn is_broken(&self) -> bool {
        self.lost > 0 || self.doubled > 0 || self.uncharged > 0 || !self.order_kept || !self.verify_clean
    }

    /// Whether all that was promised was kept, and the fault was there at all.
    pub fn kept_its_promises(&self) -> bool {
        self.broken_promises.is_empty()
    }

    /// What was measured, as rows of a name and a value.
    pub fn rows(&self) -> Vec<Vec<String>> {
        let ms = |time: Option<u64>| time.map_or("never".to_owned(), |ms| format!("{ms} ms"));
        let list = |counts: Vec<(String, u64)>| {
            let shown: Vec<_> = counts
                .into_iter()
                .map(|(name, count)| format!("{name}: {count}"))
                .collect();
            if shown.is_empty() {
                "none".to_owned()
            } else {
                shown.join(", ")
            }
        };
        let traces = self
            .traces
            .iter()
            .map(|(name, count)| ((*name).to_owned(), *count));
        let errors = self.errors.iter().map(|(name, count)| (name.clone(), *count));
        let [payments, repeated, charged, renamed] = self.counted;
        let mut rows = vec![
            ("fault", self.fault.to_owned()),
            ("shape", self.shape.clone()),
            ("load", format!("{} ms", self.load_ms)),
            (
                "acknowledged",
                format!("{}, {} a second", self.acknowledged, self.per_second),
            ),
            ("lost", self.lost.to_string()),
            ("doubled", self.doubled.to_string()),
            ("uncharged", self.uncharged.to_string()),
            ("order kept", yes(self.order_kept)),
            ("verify clean", yes(self.verify_clean)),
            (
                "unanswered, refused",
                format!("{}, {}", self.unanswered, self.refused),
            ),
            ("longest pause", format!("{} ms", self.longest_pause_ms)),
            ("first after fault", ms(self.first_after_fault_ms)),
            ("backlog at most", format!("{} events", self.backlog_peak)),
            ("caught up under load", ms(self.caught_up_ms)),
            ("drained after load", ms(self.drained_ms)),
            ("errors at clients", list(errors.collect())),
            ("repeats by clients", self.repeats.to_string()),
            ("traces", list(traces.collect())),
        ];
        if let Some([events, repeats, gaps, disordered, missing, changed]) = self.in_kafka {
            let text = format!(
                "{events} events, {repeats} repeats, {gaps} gaps, {disordered} out of order, {missing} missing, \
                 {changed} in another's place"
            );
            rows.push(("in Kafka", text));
        }
        let text = format!(
            "{payments} payments listed, {repeated} keys shown again, {charged} charges, {renamed} changes of partners"
        );
        rows.push(("counted", text));
        rows.push((
            "promises",
            if self.kept_its_promises() {
                "kept".to_owned()
            } else {
                self.broken_promises.join("; ")
            },
        ));
        rows.push(("again", self.command.clone()));
        let rows = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]);
        rows.collect()
    }
}

impl Options {
    /// What is typed to run a fault like this again.
    fn command(&self, fault: &Fault) -> String {
        let mut command = format!(
            "jeongsan torture run {} --seed {} --rate {} --seconds {}",
            fault.name, self.seed, self.rate, self.seconds
        );
        if self.hurry > 1 {
            command = format!("{command} --hurry {}", self.hurry);
        }
        for (name, value) in &self.settings {
            command = format!("{command} --set {name}={value}");
        }
        command
    }
}

/// Promises that were not kept, in words.
fn broken(
    fault: &Fault,
    measured: &Measured,
    seen: &Seen,
    traces: &BTreeMap<&'static str, u64>,
) -> Vec<String> {
    let mut broken = Vec::new();
    for bite in fault.bites {
        if traces.get(bite).copied().unwrap_or(0) == 0 {
            broken.push(format!("the fault did not bite: there is no trace of \"{bite}\""));
        }
    }
    if fault.promise.no_errors && seen.error_count() > 0 {
        broken.push(format!("clients saw {} errors", seen.error_count()));
    }
    if let Some(limit) = fault.promise.pause
        && measured.longest_pause > Duration::from_secs(limit)
    {
        let pause = millis(measured.longest_pause);
        broken.push(format!(
            "{pause} ms without an acknowledgement, more than {limit} s"
        ));
    }
    if let Some(limit) = fault.promise.caught_up
        && measured
            .caught_up
            .is_none_or(|took| took > Duration::from_secs(limit))
    {
        broken.push(format!(
            "the backlog was not caught up within {limit} s under load"
        ));
    }
    if !seen.unanswered.is_empty() || !seen.refused.is_empty() {
        let (unanswered, refused) = (seen.unanswered.len(), seen.refused.len());
        broken.push(format!(
            "{unanswered} payments were never answered, {refused} refused"
        ));
    }
    broken
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for row in self.rows() {
            if let [name, value] = row.as_slice() {
                writeln!(f, "{name:22}{value}")?;
            }
        }
        for deed in &self.deeds {
            writeln!(f, "  {deed}")?;
        }
        for example in &self.examples {
            writeln!(f, "  wrong: {example}")?;
        }
        Ok(())
    }
}

fn yes(is_so: bool) -> String {
    if is_so { "yes" } else { "no" }.to_owned()
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
