//! The relay: takes what stands in the outbox into the partitions of a broker.
//!
//! One copy of a service acts, under a [`lease::Lease`]. Each batch is first put into partitions, and numbered there
//! without gaps, in a transaction that checks the lease; only then is it sent. So whatever happens, a record has one
//! place for ever: sending it twice, or by a copy that was paused and has been succeeded, changes nothing for a
//! reader who goes by the numbers. And a reader who misses a number can fetch it from where it came from.
//!
//! Batch n + 1 is numbered while batch n is on its way.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use contracts::Topic;
use lease::{LeaseError, Term};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::BusError;
use crate::broker::{Broker, Sequenced, partition_of};
use crate::frontier::Frontier;
use crate::marks::Marks;
use crate::placements::{self, Progress, Unplaced};
use crate::record::{Cursor, Record};
use crate::wake::Wake;
use crate::work::Outbox;

/// Events numbered in one transaction, and on their way at the same time, at most.
const BATCH: u16 = 2_000;
/// How long an idle relay waits for somebody to wake it before it looks by itself.
const NAP: Duration = Duration::from_millis(500);
/// The longest pause after a failure.
const MAX_BACK_OFF: Duration = Duration::from_secs(5);

/// Publishes the outbox of one service.
pub struct Relay {
    outbox: Outbox,
    broker: Arc<dyn Broker>,
    /// The topics of the service.
    topics: Vec<Topic>,
}

/// How far this term has come, as memory has it.
struct State {
    frontier: Frontier,
    progress: BTreeMap<(Topic, i32), Progress>,
    /// What changed in it since it was written down.
    is_noted: bool,
    /// Records that have their place and are not known to be safe.
    waiting: Arc<Vec<Sequenced>>,
    partitions: BTreeMap<Topic, i32>,
    marks: Marks,
}

impl Relay {
    /// A relay of what `service` publishes.
    pub fn new(service: &str, outbox: Outbox, broker: Arc<dyn Broker>) -> Self {
        let topics = contracts::topics::ALL.iter().copied();
        Self {
            outbox,
            broker,
            topics: topics.filter(|topic| topic.producer == service).collect(),
        }
    }

    /// Publishes until `stop` or until the term is over; what fails is tried again.
    pub async fn run(&self, term: Term, stop: CancellationToken) {
        let mut failures: u32 = 0;
        while !stop.is_cancelled() {
            let Err(error) = self.serve(&term, &stop, &mut failures).await else {
                return;
            };
            failures = failures.saturating_add(1);
            report(&error, failures);
            if matches!(error, BusError::Lease(LeaseError::Deposed { .. })) {
                return;
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(Duration::from_millis(50 << failures.min(7)).min(MAX_BACK_OFF)) => {}
            }
        }
    }

    async fn serve(&self, term: &Term, stop: &CancellationToken, failures: &mut u32) -> Result<(), BusError> {
        let mut state = self.resume(term).await?;
        let mut wake = Wake::new(&self.outbox).await;
        loop {
            let waiting = std::mem::take(&mut state.waiting);
            let sent = publish(Arc::clone(&self.broker), Arc::clone(&waiting));
            // Asked to stop, it takes in nothing new, and writes down what has become of the last batch.
            let limit = if stop.is_cancelled() { 0 } else { BATCH };
            let numbered = self.number(term, &mut state, limit).await;
            sent.await.map_err(|gone| BusError::Broker(gone.to_string()))??;
            let numbered = numbered?;
            *failures = 0;
            state.note_published(&waiting);
            let is_idle = numbered.is_empty() && state.is_noted;
            state.waiting = Arc::new(numbered);
            self.mark(&mut state, is_idle).await?;
            if !is_idle {
                continue;
            }
            if stop.is_cancelled() {
                return Ok(());
            }
            tokio::select! {
                () = stop.cancelled() => {}
                () = wake.rung() => {}
                () = tokio::time::sleep(NAP) => {}
            }
        }
    }

    /// What the terms before left: places that were given out and may not have been sent.
    async fn resume(&self, term: &Term) -> Result<State, BusError> {
        let mut state = State {
            frontier: Frontier::default(),
            progress: BTreeMap::new(),
            is_noted: true,
            waiting: Arc::default(),
            partitions: BTreeMap::new(),
            marks: Marks::default(),
        };
        for topic in &self.topics {
            state
                .partitions
                .insert(*topic, self.broker.partitions(*topic).await?);
        }
        let mut work = self.outbox.begin().await?;
        term.check(work.conn()).await?;
        state.frontier = placements::frontier(work.conn()).await?;
        for progress in placements::progress(work.conn()).await? {
            if let Some(topic) = self.topics.iter().find(|topic| topic.name == progress.topic) {
                state.progress.insert((*topic, progress.partition), progress);
            }
        }
        work.roll_back().await?;
        let mut waiting = Vec::new();
        for ((topic, partition), progress) in &state.progress {
            let mut after = progress.published;
            while after < progress.numbered {
                let pool = self.outbox.db().pool();
                let records = placements::read(pool, *topic, *partition, after, BATCH.into()).await?;
                let Some(last) = records.last() else { break };
                after = last.cursor.sequence()?;
                waiting.extend(records.into_iter().map(|record| Sequenced {
                    partition: *partition,
                    record,
                }));
            }
        }
        state.waiting = Arc::new(waiting);
        Ok(state)
    }

    /// Gives the next events their places, and writes down how far the term has come.
    async fn number(&self, term: &Term, state: &mut State, limit: u16) -> Result<Vec<Sequenced>, BusError> {
        let mut work = self.outbox.begin().await?;
        term.check(work.conn()).await?;
        let holes = state.frontier.holes.clone();
        // Asked before it is looked into the holes: what was written by then is seen.
        let horizon = match holes.first() {
            Some(_) => placements::horizon(work.conn()).await?,
            None => 0,
        };
        let events = placements::next(work.conn(), &state.frontier, limit.into()).await?;
        let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
        let seen_in = if state.frontier.leaves_holes(&positions) {
            placements::transaction(work.conn()).await?
        } else {
            0
        };
        state.frontier.take(&positions, seen_in);
        if events.len() < limit.into() {
            state.frontier.give_up(horizon);
        }
        let (positions, records) = state.place(events)?;
        let are_noted = holes == state.frontier.holes;
        if positions.is_empty() && are_noted && state.is_noted {
            work.roll_back().await?;
            return Ok(records);
        }
        if !records.is_empty() {
            placements::add(work.conn(), &positions, &records).await?;
            placements::note_frontier(work.conn(), state.frontier.taken_to).await?;
        }
        if !are_noted {
            placements::note_holes(work.conn(), &state.frontier.holes).await?;
        }
        let progress: Vec<Progress> = state.progress.values().cloned().collect();
        placements::note_progress(work.conn(), &progress).await?;
        work.commit().await?;
        state.is_noted = true;
        Ok(records)
    }

    /// Says how far each partition goes, so that its readers see what they miss at its end.
    async fn mark(&self, state: &mut State, is_idle: bool) -> Result<(), BusError> {
        let ends = state
            .progress
            .iter()
            .map(|((topic, partition), progress)| ((*topic, *partition), progress.published));
        for ((topic, partition), sequence) in state.marks.due(ends, is_idle) {
            self.broker.mark(topic, partition, sequence).await?;
        }
        Ok(())
    }
}

/// Sends records, in a task of its own: to hand so many to a client keeps a thread busy.
fn publish(
    broker: Arc<dyn Broker>,
    records: Arc<Vec<Sequenced>>,
) -> AbortOnDropHandle<Result<(), BusError>> {
    AbortOnDropHandle::new(tokio::spawn(async move {
        if records.is_empty() {
            return Ok(());
        }
        broker.publish(&records).await?;
        metrics::counter!("jeongsan_relay_events_total")
            .increment(u64::try_from(records.len()).unwrap_or(u64::MAX));
        Ok(())
    }))
}

fn report(error: &BusError, failures: u32) {
    metrics::counter!("jeongsan_relay_failures_total").increment(1);
    let error: &dyn std::error::Error = error;
    tracing::warn!(
        error,
        failures,
        "events could not be published; they are kept and tried again"
    );
}

impl State {
    /// Gives events their places. One of a topic that this service no longer has goes nowhere.
    fn place(&mut self, events: Vec<Unplaced>) -> Result<(Vec<i64>, Vec<Sequenced>), BusError> {
        let mut positions = Vec::with_capacity(events.len());
        let mut records = Vec::with_capacity(events.len());
        for event in events {
            let known = self.partitions.iter().find(|(topic, _)| topic.name == event.topic);
            if let Some((topic, partitions)) = known {
                let partition = partition_of(&event.aggregate, *partitions);
                positions.push(event.position);
                records.push(self.place_one(event, *topic, partition)?);
            }
        }
        Ok((positions, records))
    }

    /// The place of an event: behind the last one of its aggregate's partition.
    fn place_one(&mut self, event: Unplaced, topic: Topic, partition: i32) -> Result<Sequenced, BusError> {
        let progress = self
            .progress
            .entry((topic, partition))
            .or_insert_with(|| Progress {
                topic: topic.name.to_owned(),
                partition,
                numbered: 0,
                published: 0,
            });
        progress.numbered += 1;
        Ok(Sequenced {
            partition,
            record: event.into_record(topic, Cursor::at(progress.numbered))?,
        })
    }

    fn note_published(&mut self, records: &[Sequenced]) {
        for Sequenced { partition, record } in records {
            if let (Some(progress), Ok(sequence)) = (
                self.progress.get_mut(&(record.topic, *partition)),
                record.cursor.sequence(),
            ) {
                progress.published = progress.published.max(sequence);
                self.is_noted = false;
            }
        }
    }
}

impl Unplaced {
    fn into_record(self, topic: Topic, cursor: Cursor) -> Result<Record, BusError> {
        let payload = serde_json::value::RawValue::from_string(self.payload);
        Ok(Record {
            topic,
            aggregate: self.aggregate,
            number: self.number,
            event_id: self.event_id,
            cursor,
            payload: payload.map_err(|source| BusError::Malformed {
                topic: topic.name,
                source,
            })?,
            trace_parent: self.trace_parent,
            occurred_at: self.occurred_at,
        })
    }
}
