//! The loop that reads a topic and hands its records on, each once and in order.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use contracts::Topic;
use telemetry::{TraceContext, with_trace};
use tokio_util::sync::CancellationToken;

use crate::gate::gate;
use crate::log::{EventLog, Places, Reader};
use crate::pace::{Pace, back_off};
use crate::record::Record;
use crate::watchdog::{PATIENCE, Watchdog};
use crate::work::{Outbox, Work};
use crate::{BusError, Cursor, Refusal, inbox};

/// After fewer records than these a busy consumer waits for a moment, so that more come together:
const FEW: usize = 100;
/// one transaction for ten costs little more than one for one.
const GATHER: Duration = Duration::from_millis(10);
/// The first sleep of an idle consumer; each further one is twice as long.
const FIRST_NAP: Duration = Duration::from_millis(20);
/// The longest sleep of an idle consumer: what nobody woke it for waits as long.
const LONGEST_NAP: Duration = Duration::from_secs(1);

/// What a service does with the events of a topic.
#[async_trait]
pub trait Handler: Send + Sync {
    /// Writes the effect of `records`, which are next in their aggregates' order, and may publish. The caller
    /// commits, together with the position; on a refusal it rolls back.
    async fn handle(&self, work: &mut Work, records: &[&Record]) -> Result<(), Refusal>;
}

/// What one step of a consumer did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// There was nothing.
    Idle,
    /// That many records were taken in (handled, put aside, or seen to be repeats).
    Took(usize),
    /// Another copy of the service was quicker.
    Overtaken,
}

/// Reads one topic for one service.
pub struct Consumer {
    log: Arc<dyn EventLog>,
    topic: Topic,
    outbox: Outbox,
    handler: Arc<dyn Handler>,
    /// Opened at the first step: who only asks how far behind it is reads nothing.
    reader: OnceLock<Box<dyn Reader>>,
    /// How each partition gets on.
    paces: Mutex<BTreeMap<i32, Pace>>,
    patience: Duration,
}

impl Consumer {
    /// A consumer of `topic` that keeps its place, and its handler's effect, in the database of `outbox`.
    pub fn new(log: Arc<dyn EventLog>, topic: Topic, outbox: Outbox, handler: Arc<dyn Handler>) -> Self {
        Self {
            log,
            topic,
            outbox,
            handler,
            reader: OnceLock::new(),
            paces: Mutex::default(),
            patience: PATIENCE,
        }
    }

    /// After so long without progress in a partition that has something, its reader begins anew. 30 seconds unless
    /// this says otherwise.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Works until `stop`; what is begun is finished.
    pub async fn run(self, stop: CancellationToken) {
        let mut failures: u32 = 0;
        let mut nap = FIRST_NAP;
        let mut watchdog = Watchdog::new(self.topic, self.patience);
        while !stop.is_cancelled() {
            if watchdog.is_due() {
                self.watch(&mut watchdog, failures > 0).await;
            }
            let pause = match self.sweep(false).await.map(|(progress, _)| progress) {
                Ok(Progress::Took(FEW..) | Progress::Overtaken) => {
                    failures = 0;
                    nap = FIRST_NAP;
                    continue;
                }
                Ok(Progress::Took(_)) => {
                    failures = 0;
                    nap = FIRST_NAP;
                    GATHER
                }
                Ok(Progress::Idle) => {
                    failures = 0;
                    let woken = tokio::select! {
                        () = stop.cancelled() => false,
                        woken = self.reader().changed(nap) => woken,
                    };
                    nap = if woken {
                        FIRST_NAP
                    } else {
                        LONGEST_NAP.min(nap * 2)
                    };
                    continue;
                }
                Err(error) => {
                    failures = failures.saturating_add(1);
                    self.complain(&error, "a step of a consumer failed");
                    back_off(failures)
                }
            };
            tokio::select! {
                () = stop.cancelled() => {},
                () = tokio::time::sleep(pause) => {},
            }
        }
    }

    /// Looks whether it gets on; a reader that brings nothing although there is something begins anew.
    async fn watch(&self, watchdog: &mut Watchdog, is_failing: bool) {
        let seen = async {
            let places = self.places().await?;
            let lag = self.log.lag(self.topic, &places).await?;
            Ok::<_, BusError>((places, lag))
        };
        match seen.await {
            Ok((_, lag)) if is_failing => watchdog.overlook(&lag),
            Ok((places, lag)) => {
                let own = self.reader().partitions();
                if watchdog.barks(&places, &lag, &own, &self.failing()) {
                    self.reader().restart().await;
                }
            }
            // Nobody else may notice a place that lies behind the end of its log: to its reader it looks like the end.
            Err(error @ BusError::Ahead { .. }) => {
                metrics::counter!("jeongsan_consumer_failures_total", "topic" => self.topic.name)
                    .increment(1);
                tracing::error!(topic = self.topic.name, error = %error, "what is published may never be read");
            }
            Err(error) => tracing::debug!(topic = self.topic.name, error = %error, "the lag is not known"),
        }
    }

    /// Takes in one batch from every partition, and whatever waited and is next now.
    ///
    /// # Errors
    /// The fault of a partition, where nothing else was done.
    pub async fn step(&self) -> Result<Progress, BusError> {
        match self.sweep(true).await? {
            (Progress::Idle, Some(fault)) => Err(fault),
            (progress, _) => Ok(progress),
        }
    }

    /// One batch from every partition; from `all`, or from those that are not to pause after a failure. What cannot be
    /// read or handled in one does not hold up the others.
    async fn sweep(&self, all: bool) -> Result<(Progress, Option<BusError>), BusError> {
        let (mut taken, mut fault) = self.revive().await?;
        let mut places = self.places().await?;
        for partition in self.reader().partitions() {
            let mut pace = self.pace(partition);
            if !all && !pace.is_due() {
                continue;
            }
            let from = places.remove(&partition).unwrap_or_else(Cursor::start);
            match self.advance_by(partition, &from, pace.limit()).await {
                Ok(Progress::Overtaken) => return Ok((Progress::Overtaken, fault)),
                Ok(progress) => {
                    taken += if let Progress::Took(count) = progress {
                        count
                    } else {
                        0
                    };
                    pace.succeeded();
                }
                Err(error) => {
                    self.complain(&error, "a partition does not get on");
                    pace.failed();
                    fault = Some(error);
                }
            }
            self.paces().insert(partition, pace);
        }
        let progress = if taken == 0 {
            Progress::Idle
        } else {
            Progress::Took(taken)
        };
        Ok((progress, fault))
    }

    fn paces(&self) -> MutexGuard<'_, BTreeMap<i32, Pace>> {
        self.paces.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pace(&self, partition: i32) -> Pace {
        self.paces().get(&partition).copied().unwrap_or_default()
    }

    /// The partitions whose last batch failed.
    fn failing(&self) -> BTreeSet<i32> {
        let paces = self.paces();
        let failing = paces.iter().filter(|(_, pace)| pace.is_failing());
        failing.map(|(partition, _)| *partition).collect()
    }

    fn complain(&self, error: &BusError, what: &'static str) {
        metrics::counter!("jeongsan_consumer_failures_total", "topic" => self.topic.name).increment(1);
        let error: &dyn std::error::Error = error;
        tracing::warn!(topic = self.topic.name, error, "{what}");
    }

    /// Takes in at most `limit` records of one partition.
    async fn advance_by(&self, partition: i32, from: &Cursor, limit: u16) -> Result<Progress, BusError> {
        let batch = self.reader().read(partition, from, limit).await?;
        if batch.is_empty() {
            return Ok(Progress::Idle);
        }
        self.take(partition, from, &batch).await
    }

    /// How many committed records of the topic are still to be taken in, by whatever copy of the service.
    pub async fn lag(&self) -> Result<i64, BusError> {
        Ok(self.log.lag(self.topic, &self.places().await?).await?.total())
    }

    async fn places(&self) -> Result<Places, BusError> {
        inbox::places(self.outbox.db().pool(), self.log.name(), self.topic).await
    }

    fn reader(&self) -> &dyn Reader {
        self.reader.get_or_init(|| self.log.reader(self.topic)).as_ref()
    }

    /// Takes a batch in as one transaction; where its handler refuses, record by record, so that one bad record
    /// costs the others nothing.
    async fn take(&self, partition: i32, from: &Cursor, batch: &[Record]) -> Result<Progress, BusError> {
        match self.admit(partition, from, batch).await? {
            Admitted::Yes => return Ok(Progress::Took(batch.len())),
            Admitted::Overtaken => return Ok(Progress::Overtaken),
            Admitted::Refused(_) => {}
        }
        let mut from = from.clone();
        for record in batch {
            if !self.take_one(partition, &from, record).await? {
                return Ok(Progress::Overtaken);
            }
            from = record.cursor.clone();
        }
        Ok(Progress::Took(batch.len()))
    }

    /// Takes in one record; puts it among the dead letters where its handler refuses what was published, and not only
    /// what came. False where another copy was quicker.
    async fn take_one(&self, partition: i32, from: &Cursor, record: &Record) -> Result<bool, BusError> {
        let mut admitted = self.admit(partition, from, std::slice::from_ref(record)).await?;
        let mut published = None;
        if let Admitted::Refused(reason) = &admitted {
            published = self.reader().published(partition, record).await?;
            if let Some(published) = published
                .as_ref()
                .filter(|published| !published.says_the_same_as(record))
            {
                tracing::warn!(
                    topic = self.topic.name,
                    aggregate = published.aggregate,
                    number = published.number,
                    error = reason,
                    "another event came than was published"
                );
                admitted = self
                    .admit(partition, from, std::slice::from_ref(published))
                    .await?;
            }
        }
        match admitted {
            Admitted::Yes => Ok(true),
            Admitted::Overtaken => Ok(false),
            Admitted::Refused(reason) => {
                let record = published.as_ref().unwrap_or(record);
                self.bury(partition, from, record, &reason).await
            }
        }
    }

    /// One transaction: gate, effect, numbers, position.
    async fn admit(&self, partition: i32, from: &Cursor, batch: &[Record]) -> Result<Admitted, BusError> {
        let Some(last) = batch.last() else {
            return Ok(Admitted::Yes);
        };
        let mut work = self.outbox.begin().await?;
        if self.lock(&mut work, partition).await? != *from {
            return Ok(Admitted::Overtaken);
        }
        let standing = inbox::standing(work.conn(), self.topic, batch).await?;
        let plan = gate(&standing.handled, &standing.parked, batch);
        if !plan.ready.is_empty() {
            if let Err(refusal) = self.hand_over(&mut work, &plan.ready).await {
                return refused(refusal);
            }
            inbox::mark_handled(work.conn(), self.topic, &plan.ready).await?;
        }
        for record in &plan.early {
            inbox::park(work.conn(), record, None).await?;
        }
        self.advance(&mut work, partition, &last.cursor).await?;
        work.commit().await?;
        self.count("handled", plan.ready.len());
        self.count("parked", plan.early.len());
        self.count("repeated", plan.repeats);
        Ok(Admitted::Yes)
    }

    async fn lock(&self, work: &mut Work, partition: i32) -> Result<Cursor, BusError> {
        inbox::lock_position(work.conn(), self.log.name(), self.topic, partition).await
    }

    async fn advance(&self, work: &mut Work, partition: i32, to: &Cursor) -> Result<(), sqlx::Error> {
        inbox::advance(work.conn(), self.log.name(), self.topic, partition, to).await
    }

    async fn hand_over(&self, work: &mut Work, ready: &[&Record]) -> Result<(), Refusal> {
        // A batch of many traces continues the first; a reader finds the others by the events' own trace.
        let trace = ready
            .first()
            .and_then(|record| record.trace_parent.parse().ok())
            .map_or_else(TraceContext::root, TraceContext::child);
        with_trace(trace, self.handler.handle(work, ready)).await
    }

    /// Puts a record that can't be handled among the dead letters and moves on.
    async fn bury(
        &self,
        partition: i32,
        from: &Cursor,
        record: &Record,
        reason: &str,
    ) -> Result<bool, BusError> {
        let mut work = self.outbox.begin().await?;
        if self.lock(&mut work, partition).await? != *from {
            return Ok(false);
        }
        inbox::park(work.conn(), record, Some(reason)).await?;
        self.advance(&mut work, partition, &record.cursor).await?;
        work.commit().await?;
        self.mourn(record, reason);
        Ok(true)
    }

    /// Handles records that were put aside and are next now: how many there were, and the fault of one that is not to be
    /// handled yet.
    async fn revive(&self) -> Result<(usize, Option<BusError>), BusError> {
        let waiting = inbox::revivable(self.outbox.db().pool(), self.topic).await?;
        let (mut revived, mut fault) = (0, None);
        for record in &waiting {
            match self.revive_one(record).await {
                Ok(()) => revived += 1,
                Err(error) => {
                    self.complain(&error, "an event that was put aside cannot be handled yet");
                    fault = Some(error);
                }
            }
        }
        Ok((revived, fault))
    }

    async fn revive_one(&self, record: &Record) -> Result<(), BusError> {
        let mut work = self.outbox.begin().await?;
        let numbers = inbox::handled(work.conn(), self.topic, std::slice::from_ref(record)).await?;
        let next = numbers.get(&record.aggregate).copied().unwrap_or(0) + 1;
        // Whoever takes the row out handles the record: no other copy does, and no batch while the row is there.
        if next != record.number || !inbox::unpark(work.conn(), record).await? {
            return Ok(());
        }
        match self.hand_over(&mut work, &[record]).await {
            Ok(()) => {
                inbox::mark_handled(work.conn(), self.topic, &[record]).await?;
                work.commit().await?;
                self.count("handled", 1);
            }
            Err(refusal) => {
                let Admitted::Refused(reason) = refused(refusal)? else {
                    return Ok(());
                };
                drop(work);
                let mut work = self.outbox.begin().await?;
                inbox::park(work.conn(), record, Some(&reason)).await?;
                work.commit().await?;
                self.mourn(record, &reason);
            }
        }
        Ok(())
    }

    fn mourn(&self, record: &Record, reason: &str) {
        self.count("dead", 1);
        tracing::error!(
            topic = self.topic.name,
            aggregate = record.aggregate,
            number = record.number,
            error = reason,
            "an event can't be handled; it waits among the dead letters, later events of its aggregate behind it"
        );
    }

    fn count(&self, outcome: &'static str, records: usize) {
        let records = u64::try_from(records).unwrap_or(u64::MAX);
        metrics::counter!("jeongsan_events_total", "topic" => self.topic.name, "outcome" => outcome)
            .increment(records);
    }
}

enum Admitted {
    Yes,
    Overtaken,
    Refused(String),
}

/// A lasting refusal is the record's fault; a passing one is the step's.
fn refused(refusal: Refusal) -> Result<Admitted, BusError> {
    match refusal {
        Refusal::Never(reason) => Ok(Admitted::Refused(reason)),
        Refusal::NotNow(reason) => Err(BusError::Unreachable {
            producer: "what a handler needs".to_owned(),
            reason,
        }),
    }
}
