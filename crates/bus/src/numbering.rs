//! How far a relay has come: what it has taken out of the outbox, which places it gave out, and what was sent.

use std::collections::{BTreeMap, VecDeque};

use contracts::Topic;
use lease::Term;
use sqlx::PgConnection;

use crate::BusError;
use crate::broker::{Broker, Mark, Sequenced, partition_of};
use crate::frontier::Frontier;
use crate::marks::Marks;
use crate::placements::{self, Progress, Unplaced};
use crate::record::{Cursor, Record};
use crate::work::Outbox;

/// Events numbered in one transaction, and on their way at the same time, at most,
pub(crate) const BATCH: u16 = 2_000;
/// and their bytes, as the server stores them.
const BATCH_BYTES: i64 = 16 << 20;

/// As the memory of one term has it.
pub(crate) struct Numbering {
    /// How many partitions each topic has.
    partitions: BTreeMap<Topic, i32>,
    frontier: Frontier,
    progress: BTreeMap<(Topic, i32), Progress>,
    /// Whether `progress` is written down as it is.
    is_noted: bool,
    /// Places that terms before this one gave out, and that may not have been sent.
    owed: VecDeque<Stretch>,
    marks: Marks,
}

/// Sequences of a partition: those behind `after`, up to `last`.
struct Stretch {
    topic: Topic,
    partition: i32,
    after: i64,
    last: i64,
}

impl Numbering {
    /// Goes on where the terms before stopped.
    pub(crate) async fn resume(
        outbox: &Outbox,
        broker: &dyn Broker,
        topics: &[Topic],
        term: &Term,
    ) -> Result<Self, BusError> {
        let mut partitions = BTreeMap::new();
        for topic in topics {
            partitions.insert(*topic, broker.partitions(*topic).await?);
        }
        let mut work = outbox.begin().await?;
        term.check(work.conn()).await?;
        let frontier = placements::frontier(work.conn()).await?;
        let noted = placements::progress(work.conn()).await?;
        work.roll_back().await?;
        let mut progress = BTreeMap::new();
        let mut owed = VecDeque::new();
        for one in noted {
            let Some(topic) = topics.iter().find(|topic| topic.name == one.topic) else {
                continue;
            };
            if one.published < one.numbered {
                owed.push_back(Stretch {
                    topic: *topic,
                    partition: one.partition,
                    after: one.published,
                    last: one.numbered,
                });
            }
            progress.insert((*topic, one.partition), one);
        }
        Ok(Self {
            partitions,
            frontier,
            progress,
            is_noted: true,
            owed,
            marks: Marks::default(),
        })
    }

    /// Whether terms before this one left something that has to be sent first.
    pub(crate) fn owes(&self) -> bool {
        !self.owed.is_empty()
    }

    /// Whether everything is written down.
    pub(crate) fn is_noted(&self) -> bool {
        self.is_noted
    }

    /// The next of the records that have their places already.
    pub(crate) async fn owed(&mut self, outbox: &Outbox) -> Result<Vec<Sequenced>, BusError> {
        let Some(stretch) = self.owed.front_mut() else {
            return Ok(Vec::new());
        };
        let (topic, partition) = (stretch.topic, stretch.partition);
        let limit = i64::from(BATCH).min(stretch.last.saturating_sub(stretch.after));
        let records = placements::read(outbox.db().pool(), topic, partition, stretch.after, limit).await?;
        match records.last() {
            Some(last) => stretch.after = last.cursor.sequence()?,
            None => stretch.after = stretch.last,
        }
        if stretch.after >= stretch.last {
            self.owed.pop_front();
        }
        let records = records.into_iter();
        Ok(records.map(|record| Sequenced { partition, record }).collect())
    }

    /// Gives at most `limit` further events their places, and writes down how far the term has come.
    pub(crate) async fn advance(
        &mut self,
        outbox: &Outbox,
        term: &Term,
        limit: u16,
    ) -> Result<Vec<Sequenced>, BusError> {
        let mut work = outbox.begin().await?;
        term.check(work.conn()).await?;
        let noted = self.frontier.clone();
        let events = self.take(work.conn(), limit).await?;
        let (positions, records) = self.place(events)?;
        if noted == self.frontier && self.is_noted {
            work.roll_back().await?;
            return Ok(records);
        }
        self.note(work.conn(), &positions, &records, &noted).await?;
        work.commit().await?;
        self.is_noted = true;
        Ok(records)
    }

    /// Takes events out of the outbox: those behind the frontier, and those that appeared in its holes.
    async fn take(&mut self, conn: &mut PgConnection, limit: u16) -> Result<Vec<Unplaced>, sqlx::Error> {
        // Asked before it is looked into the holes: what was written by then is seen.
        let horizon = match self.frontier.holes.first() {
            Some(_) => placements::horizon(conn).await?,
            None => 0,
        };
        let events = placements::next(conn, &self.frontier, limit.into(), BATCH_BYTES).await?;
        let positions: Vec<i64> = events.iter().map(|event| event.position).collect();
        let seen_in = if self.frontier.leaves_holes(&positions) {
            placements::transaction(conn).await?
        } else {
            0
        };
        self.frontier.take(&positions, seen_in);
        // Else a hole may have been filled by what was left out.
        let found = events.first().map_or(0, |event| event.found);
        if found < limit.into() && i64::try_from(events.len()) == Ok(found) {
            self.frontier.give_up(horizon);
        }
        Ok(events)
    }

    async fn note(
        &self,
        conn: &mut PgConnection,
        positions: &[i64],
        records: &[Sequenced],
        noted: &Frontier,
    ) -> Result<(), BusError> {
        if !records.is_empty() {
            placements::add(conn, positions, records).await?;
        }
        if noted.taken_to != self.frontier.taken_to {
            placements::note_frontier(conn, self.frontier.taken_to).await?;
        }
        if noted.holes != self.frontier.holes {
            placements::note_holes(conn, &self.frontier.holes).await?;
        }
        let progress: Vec<Progress> = self.progress.values().cloned().collect();
        Ok(placements::note_progress(conn, &progress).await?)
    }

    /// Gives events their places. One of a topic that this service no longer has goes nowhere.
    fn place(&mut self, events: Vec<Unplaced>) -> Result<(Vec<i64>, Vec<Sequenced>), BusError> {
        let mut positions = Vec::with_capacity(events.len());
        let mut records = Vec::with_capacity(events.len());
        for event in events {
            let known = self
                .partitions
                .iter()
                .find(|(topic, _)| topic.name == event.topic);
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

    /// The broker has these records; in each partition all that came before were there already.
    pub(crate) fn was_published(&mut self, records: &[Sequenced]) {
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

    /// The watermarks that are to be published now.
    pub(crate) fn marks(&mut self, is_idle: bool) -> Vec<Mark> {
        let ends = self
            .progress
            .iter()
            .map(|((topic, partition), progress)| ((*topic, *partition), progress.published));
        self.marks.due(ends, is_idle)
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
