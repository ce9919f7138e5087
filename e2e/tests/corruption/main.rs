//! Whatever is changed behind the platform's back, `jeongsan verify` sees it.
//!
//! A platform with a history of every sort is stopped, its databases left up and copied. Then the copies are corrupted
//! by the superuser, with triggers and references off, verified in place of the originals and put right again, for
//! every table and every column: a value changed, erased, swapped with another row's; a row deleted; a row made up.
//! What the database itself refuses (a check, a unique value) needs no verifying. What can't be seen has its reason in
//! `unseen.rs`.
//!
//! `JEONGSAN_CORRUPTION=payment.public.tenders cargo test -p e2e --test corruption` tries the cases with that in
//! their names alone.

#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test reports a fault by panicking"
)]

mod afterwards;
mod cases;
mod history;
mod plant;
mod unseen;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use anyhow::{Context, Result, ensure};
use cases::Case;
use e2e::{Mode, Platform};
use plant::{Copy, Planted, Server};
use serde_json::Value;

/// What became of a case.
#[derive(Debug)]
enum Outcome {
    /// The database would not have it.
    Refused(String),
    /// There is no row that it could be done to.
    NoRow,
    /// These checks saw it.
    Seen(Vec<String>),
    /// Nothing saw it.
    Unseen(String),
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_corruption_is_seen() -> Result<()> {
    let mut platform = Platform::start(Mode::One).await?;
    history::make(&platform).await?;
    platform.stop("up").await?;
    platform.launch_with("postgres", &["postgres"], &[])?;
    let server = Server::of(&platform).await?;
    platform.verify().await?;

    let only = std::env::var("JEONGSAN_CORRUPTION").unwrap_or_default();
    let mut all = Vec::new();
    for service in plant::SERVICES {
        all.extend(cases::of(&server, service).await?);
    }
    all.retain(|case| case.to_string().contains(&only));
    let (one, other) = all.split_at(all.len() / 2);
    let (first, second) = (Copies::make(&server, 1).await?, Copies::make(&server, 2).await?);
    let (one, other) = tokio::join!(
        first.attempt_all(&platform, one),
        second.attempt_all(&platform, other)
    );
    let mut outcomes = one?;
    outcomes.extend(other?);
    judge(&outcomes, only.is_empty())
}

/// A copy of each database, to be corrupted in one way after the other.
struct Copies(BTreeMap<&'static str, Copy>);

impl Copies {
    async fn make(server: &Server, number: usize) -> Result<Self> {
        let mut copies = BTreeMap::new();
        for service in plant::SERVICES {
            copies.insert(service, server.copy(service, number).await?);
        }
        Ok(Self(copies))
    }

    async fn attempt_all(&self, platform: &Platform, cases: &[Case]) -> Result<BTreeMap<String, Outcome>> {
        let mut outcomes = BTreeMap::new();
        for case in cases {
            let outcome = self.attempt(platform, case).await;
            outcomes.insert(case.to_string(), outcome.with_context(|| case.to_string())?);
        }
        let (code, text) = self.verify(platform).await?;
        ensure!(code == 0, "something was not put back as it was:\n{text}");
        Ok(outcomes)
    }

    /// Corrupts, verifies, and puts back what was there.
    async fn attempt(&self, platform: &Platform, case: &Case) -> Result<Outcome> {
        let copy = &self.0[case.service];
        let what = match copy.plant(case).await? {
            Planted::Refused(reason) => return Ok(Outcome::Refused(reason)),
            Planted::NoRow => return Ok(Outcome::NoRow),
            Planted::Done(what) => what,
        };
        let (code, text) = self.verify(platform).await?;
        copy.heal(case).await?;
        match code {
            0 => Ok(Outcome::Unseen(what)),
            6 => Ok(Outcome::Seen(who_saw_it(&text)?)),
            _ => anyhow::bail!("verify failed ({code}) instead of seeing {what}:\n{text}"),
        }
    }

    async fn verify(&self, platform: &Platform) -> Result<(i32, String)> {
        let mut arguments = vec!["verify", "--json", "--listed", "1"];
        let sources: Vec<String> = self
            .0
            .iter()
            .map(|(service, copy)| format!("{service}.database_url={}", copy.url()))
            .collect();
        for source in &sources {
            arguments.extend(["--set", source]);
        }
        platform.run(&arguments).await
    }
}

/// The names of the checks with breaks. The report comes first, what is said about the exit code after it.
fn who_saw_it(text: &str) -> Result<Vec<String>> {
    let report = serde_json::Deserializer::from_str(text)
        .into_iter::<Value>()
        .next()
        .context("verify printed a report")??;
    let checks = report["report"]["checks"].as_array().cloned().unwrap_or_default();
    let names: Vec<String> = checks
        .iter()
        .filter(|check| check["break_count"].as_i64() > Some(0))
        .filter_map(|check| check["name"].as_str().map(str::to_owned))
        .collect();
    ensure!(
        !names.is_empty(),
        "exit code 6, and no check saw anything: {text}"
    );
    Ok(names)
}

fn judge(outcomes: &BTreeMap<String, Outcome>, all: bool) -> Result<()> {
    let (mut seen, mut refused, mut no_row) = (0, 0, 0);
    let mut list = String::new();
    let mut missed = Vec::new();
    let mut excused = BTreeSet::new();
    for (case, outcome) in outcomes {
        match outcome {
            Outcome::Seen(checks) => {
                seen += 1;
                writeln!(list, "seen     {case}: {}", checks.join(", "))?;
            }
            Outcome::Refused(reason) => {
                refused += 1;
                writeln!(list, "refused  {case}: {reason}")?;
            }
            Outcome::NoRow => {
                no_row += 1;
                writeln!(list, "no row   {case}")?;
            }
            Outcome::Unseen(what) => match unseen::reason(case) {
                Some((beginning, reason)) => {
                    excused.insert(beginning);
                    writeln!(list, "unseen   {case}: {reason}")?;
                }
                None => missed.push(format!("{case}: {what}")),
            },
        }
    }
    // A file of its own: on a terminal, and in what CI keeps of it, the list would hide what is wrong.
    let file = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("corruption.txt");
    std::fs::write(&file, list)?;
    let file = file.display();
    println!("{seen} seen, {refused} refused by the database, {no_row} without a row: {file}");
    ensure!(missed.is_empty(), "not seen:\n{}", missed.join("\n"));
    if all {
        ensure!(seen > 60, "only {seen} corruptions were tried");
        let idle: Vec<&str> = unseen::beginnings().filter(|p| !excused.contains(p)).collect();
        ensure!(
            idle.is_empty(),
            "these are seen after all, take them off the list: {idle:?}"
        );
    }
    Ok(())
}
