//! One run: a shape, load, the fault, and the count.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, Result};
use e2e::{Api, contract_terms, partner_with_contract, within};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use tokio::time::{Instant, sleep, sleep_until};

use crate::audit::Audit;
use crate::backlog::{Backlog, Databases};
use crate::fault::{Fault, Plan};
use crate::load::Load;
use crate::partitions::{self, Partitions};
use crate::report::{Measured, Report};
use crate::stage::Stage;
use crate::{Options, millis, traces};

/// How many sell.
const PARTNERS: usize = 8;
/// How long the load goes on after the last step of a fault, at least, in seconds.
const AFTERMATH: u64 = 15;
/// How long consumers may take after the load has ended.
const DRAIN_LIMIT: Duration = Duration::from_mins(5);
/// How long payments may take whose outcome was not known.
const SETTLE_LIMIT: Duration = Duration::from_mins(3);
/// Seconds of load that may be on its way at any time: less than that is no backlog.
const ON_ITS_WAY: u64 = 2;

/// Starts the shape of a fault, lets clients pay, does what the fault says, and counts. `say` is told what happens.
///
/// # Errors
/// If something of the shape does not start or can't be asked in the end. What is lost, doubled or broken is no error:
/// it stands in the report.
pub async fn run(fault: &Fault, options: &Options, say: impl Fn(&str)) -> Result<Report> {
    say(&format!("starting: {}", fault.shape));
    let mut stage = Stage::start(fault.shape, options).await?;
    let partners = partners(&stage).await?;
    let databases = stage.databases()?;
    let backlog = Backlog::watch(databases.clone());
    say("load begins");
    let load = Load::start(
        options.seed,
        options.rate,
        fault.clients,
        stage.gateways()?,
        partners.clone(),
    );
    let mut times = Times::plan(fault, options);
    let mut deeds = Vec::new();
    let begin = times.begin;
    let mut note = |load: &Load, what: String| {
        let line = format!(
            "{:>6.1} s, {} acknowledged: {what}",
            begin.elapsed().as_secs_f32(),
            load.acknowledged()
        );
        say(&line);
        deeds.push(line);
    };
    sleep_until(times.fault).await;
    let before = traces::collect(&stage.platform, &stage.ports()).await?;
    times.fault = Instant::now();
    match &fault.plan {
        Plan::Steps(steps) => {
            for (after, deed) in *steps {
                sleep_until(times.fault + seconds(*after, options.hurry)).await;
                let done = stage.act(*deed).await?;
                note(&load, done);
            }
        }
        Plan::Every(period, deed) => {
            while times.fault.elapsed() < times.length {
                let done = stage.act(*deed).await?;
                note(&load, done);
                sleep(seconds(*period, 1)).await;
            }
        }
    }
    times.healed = Instant::now();
    sleep_until(times.end.max(times.healed + seconds(AFTERMATH, options.hurry))).await;
    let small = options.rate * ON_ITS_WAY;
    if let Some(limit) = fault.promise.caught_up {
        // The promise is one under load.
        backlog
            .falls_to(small, times.healed, Duration::from_secs(limit))
            .await;
    }
    times.end = Instant::now();
    load.close();
    note(&load, "load ends".to_owned());
    let seen = load.finish().await?;
    let drained = backlog.falls_to(0, times.end, DRAIN_LIMIT).await;
    say("counting");
    let api = stage.platform.api()?;
    settled(&api).await?;
    let network = stage.platform.direct(10);
    let audit = Audit::of(&api, &network, options.seed, &partners, &seen).await?;
    let partitions = order(&stage, &databases).await?;
    let after = traces::collect(&stage.platform, &stage.ports()).await?;
    let traces = traces::since(&before, after);
    let (verify_code, verify_text) = stage.platform.run(&["verify"]).await?;
    if let Some(folder) = &options.logs {
        keep_logs(&stage, &folder.join(fault.name)).await?;
    }
    let measured = Measured {
        load: times.end - times.begin,
        longest_pause: seen.longest_pause(times.begin, times.end),
        first_after_fault: seen.first_after(times.fault),
        backlog_peak: backlog.peak(times.fault, times.end),
        caught_up: backlog.down_after(times.healed, small),
        drained,
    };
    Ok(Report::new(
        fault,
        options,
        &measured,
        &seen,
        &audit,
        partitions,
        traces,
        deeds,
        (verify_code == 0, verify_text),
    ))
}

/// When what happens.
struct Times {
    begin: Instant,
    fault: Instant,
    healed: Instant,
    end: Instant,
    /// How long a fault goes on that goes on.
    length: Duration,
}

impl Times {
    /// The fault comes after a sixth of the load, at a seeded instant within a second.
    fn plan(fault: &Fault, options: &Options) -> Self {
        let begin = Instant::now();
        let jitter = StdRng::seed_from_u64(options.seed).random_range(0..1_000);
        let at = begin + Duration::from_millis(options.seconds * 1_000 / 6 + jitter);
        let length = seconds(fault.plan.length(), options.hurry);
        let whole = Duration::from_secs(options.seconds);
        Self {
            begin,
            fault: at,
            healed: at,
            end: (begin + whole).max(at + length),
            length: (begin + whole).saturating_duration_since(at),
        }
    }
}

/// Shops that sell, each with a contract.
async fn partners(stage: &Stage) -> Result<Vec<String>> {
    let api = stage.platform.api()?;
    let mut partners = Vec::new();
    for n in 0..PARTNERS {
        partners.push(partner_with_contract(&api, &format!("torture-{n}"), &contract_terms(100_000)).await?);
    }
    Ok(partners)
}

/// Waits until no payment has an outcome that is not known.
async fn settled(api: &Api) -> Result<()> {
    within(SETTLE_LIMIT, "all payments to be completed", || async {
        let open = api.list("/v1/payments?status=processing").await?;
        Ok(open.is_empty().then_some(()))
    })
    .await
}

async fn order(stage: &Stage, databases: &Databases) -> Result<Option<Partitions>> {
    let Some(kafka) = &stage.kafka else {
        return Ok(None);
    };
    let brokers = kafka.bootstrap();
    let published = databases.published().await?;
    let read = tokio::task::spawn_blocking(move || partitions::read(&brokers, &published)).await?;
    read.context("reading Kafka's partitions").map(Some)
}

/// Copies the logs of all processes into a folder.
async fn keep_logs(stage: &Stage, folder: &Path) -> Result<()> {
    tokio::fs::create_dir_all(folder).await?;
    for (name, path) in stage.platform.logs() {
        tokio::fs::copy(path, folder.join(format!("{name}.log"))).await?;
    }
    Ok(())
}

fn seconds(count: u64, hurry: u64) -> Duration {
    Duration::from_millis(millis(Duration::from_secs(count)) / hurry.max(1))
}
