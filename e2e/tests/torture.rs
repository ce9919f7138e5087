//! `jeongsan torture` with two short faults: what it reports is there, and nothing is lost.
//!
//! The long list is run by hand: `jeongsan torture run all`.

use std::process::Stdio;

use anyhow::{Context, Result, ensure};
use e2e::binary;
use serde_json::Value;
use tokio::process::Command;

const RUN: &[&str] = &[
    "torture",
    "run",
    "kraft/only-broker-killed",
    "leader/paused",
    "--seed",
    "20261125",
    "--rate",
    "100",
    "--seconds",
    "6",
    "--hurry",
    "10",
    "--set",
    "lease.length_ms=3000",
    "--json",
];

fn number(report: &Value, name: &str) -> Result<u64> {
    let value = report.get(name).and_then(Value::as_u64);
    value.with_context(|| format!("{name} is missing: {report:#}"))
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_when_a_broker_dies_or_a_leader_is_paused() -> Result<()> {
    let output = Command::new(binary()?)
        .args(RUN)
        .stdin(Stdio::null())
        .output()
        .await?;
    let (text, errors) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    ensure!(output.status.success(), "{}: {text}\n{errors}", output.status);
    let answer: Value = serde_json::from_str(&text)?;
    let reports = answer.get("reports").and_then(Value::as_array);
    let reports = reports.context("there are reports")?;
    ensure!(reports.len() == 2, "{} reports", reports.len());
    for report in reports {
        ensure!(number(report, "acknowledged")? > 200, "{report:#}");
        for wrong in ["lost", "doubled", "uncharged", "unanswered", "refused"] {
            ensure!(number(report, wrong)? == 0, "{wrong}: {report:#}");
        }
    }
    let done = reports.last().and_then(|report| report.get("deeds"));
    let done = done.context("what was done")?.to_string();
    ensure!(done.contains("leads after"), "nobody took over: {done}");
    println!("{answer:#}");
    Ok(())
}
