//! The loops beside the consumers: the scheduler, and the pricing of lines that waited.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bus::{BusError, Consumer, Outbox};
use chassis::Clock;
use chrono::{DateTime, Utc};
use lease::{LeaseError, Term};
use tokio_util::sync::CancellationToken;

use crate::Error;
use crate::ops::price_waiting::price_waiting;
use crate::ops::read;
use crate::ops::refresh_schedules::refresh_due_schedules;
use crate::ops::request_settlements::{CaughtUp, request_ended, unheld};

/// How far the consumers are behind.
#[derive(Clone)]
pub struct Intake {
    /// One of each topic whose events must be in before a window is closed; only asked how far they are behind.
    pub consumers: Arc<[Consumer]>,
}

impl Intake {
    /// How many records of all these topics are still to be taken in.
    pub async fn lag(&self) -> Result<i64, BusError> {
        let mut lag = 0;
        for consumer in self.consumers.iter() {
            lag += consumer.lag().await?;
        }
        Ok(lag)
    }
}

/// Decides when windows are settled. One copy of the service does at a time.
pub struct Scheduler {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    intake: Intake,
    term: Term,
    /// The last time that everything was taken in. Under steady traffic the consumers are seldom at the very end
    /// when one looks; what was in at that time stays in.
    caught_up: Option<CaughtUp>,
}

impl Scheduler {
    /// A scheduler that has looked at nothing yet.
    pub fn new(outbox: Outbox, clock: Arc<dyn Clock>, intake: Intake, term: Term) -> Self {
        Self {
            outbox,
            clock,
            intake,
            term,
            caught_up: None,
        }
    }

    /// Brings schedules up to date and requests the windows that have ended; returns how many windows.
    pub async fn tick(&mut self) -> Result<usize, Error> {
        while refresh_due_schedules(&self.outbox, self.clock.now()).await? > 0 {}
        self.look().await?;
        let mut requested = 0;
        while let Some(caught_up) = self.caught_up {
            match request_ended(&self.outbox, &self.term, caught_up, self.clock.now()).await? {
                None => self.caught_up = None,
                Some(0) => break,
                Some(count) => requested += count,
            }
        }
        Ok(requested)
    }

    /// Whether everything is taken in now. The order matters: holds first, then the consumers, so that whatever was
    /// sent under a hold counts.
    async fn look(&mut self) -> Result<(), Error> {
        let now: DateTime<Utc> = self.clock.now();
        match unheld(&self.outbox, now).await? {
            None => self.caught_up = None,
            Some(generation) => {
                if self.intake.lag().await? == 0 {
                    self.caught_up = Some(CaughtUp { at: now, generation });
                }
            }
        }
        Ok(())
    }

    /// Ticks until `stop`, or until another copy leads.
    pub async fn run(mut self, interval: Duration, stop: CancellationToken) {
        while !stop.is_cancelled() {
            match self.tick().await {
                Ok(0) => {}
                Ok(requested) => {
                    tracing::info!(windows = requested, "windows that have ended are to be settled");
                }
                Err(error) => {
                    report("scheduler", &error);
                    if matches!(error, Error::Lease(LeaseError::Deposed { .. })) {
                        return;
                    }
                }
            }
            rest(interval, &stop).await;
        }
    }
}

/// Prices waiting lines, and reversals that wait, until `stop`.
pub async fn price_waiting_lines(
    outbox: Outbox,
    clock: Arc<dyn Clock>,
    interval: Duration,
    stop: CancellationToken,
) {
    while !stop.is_cancelled() {
        match price_waiting(&outbox, clock.now()).await {
            Ok(true) => continue,
            Ok(false) => {}
            Err(error) => report("waiting lines", &error),
        }
        rest(interval, &stop).await;
    }
}

/// Measures what waits, until `stop`.
pub async fn measure(outbox: Outbox, clock: Arc<dyn Clock>, intake: Intake, stop: CancellationToken) {
    while !stop.is_cancelled() {
        match read::counts(&outbox, clock.now()).await {
            Ok(counts) => {
                for (what, count) in [
                    ("jeongsan_settlement_waiting_lines", counts.waiting_lines),
                    ("jeongsan_settlement_problem_lines", counts.problem_lines),
                    ("jeongsan_settlement_waiting_reversals", counts.waiting_reversals),
                    ("jeongsan_settlement_open_windows", counts.open_windows),
                    (
                        "jeongsan_settlement_ended_windows_open",
                        counts.ended_windows_open,
                    ),
                    ("jeongsan_settlement_requested_windows", counts.requested_windows),
                    ("jeongsan_settlement_holds", counts.holds),
                ] {
                    gauge(what, count);
                }
            }
            Err(error) => report("measuring", &error),
        }
        match intake.lag().await {
            Ok(lag) => gauge("jeongsan_settlement_intake_lag", lag),
            Err(error) => report("measuring", &Error::from(error)),
        }
        rest(MEASURE_EVERY, &stop).await;
    }
}

/// Counting a long list of waiting lines costs something, so it is not done at every tick.
const MEASURE_EVERY: Duration = Duration::from_secs(15);

fn gauge(what: &'static str, count: i64) {
    // Above 2^32 the exact number matters to nobody.
    metrics::gauge!(what).set(u32::try_from(count).unwrap_or(u32::MAX));
}

fn report(task: &'static str, error: &Error) {
    metrics::counter!("jeongsan_settlement_worker_failures_total", "task" => task).increment(1);
    let error: &dyn std::error::Error = error;
    tracing::warn!(task, error, "a step failed; it will be tried again");
}

fn rest(interval: Duration, stop: &CancellationToken) -> impl Future<Output = ()> {
    let stop = stop.clone();
    async move {
        tokio::select! {
            () = stop.cancelled() => {},
            () = tokio::time::sleep(interval) => {},
        }
    }
}
