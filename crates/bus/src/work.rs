//! A unit of work: state and the events that tell of it, committed together.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use contracts::{Event, Topic};
use postgres::{Db, Transaction};
use sqlx::PgConnection;
use tokio::sync::watch;

use crate::{BusError, outbox};

/// A service's outbox: begins units of work, and wakes readers when one of them published something.
#[derive(Debug, Clone)]
pub struct Outbox {
    db: Db,
    bells: Arc<Bells>,
}

/// What is rung when something was published: one bell for all topics, and one for each that somebody listens to. Who
/// hears a topic is not woken, and reads nothing, when another was published.
#[derive(Debug, Default)]
struct Bells {
    any: watch::Sender<u64>,
    topics: Mutex<HashMap<&'static str, watch::Sender<u64>>>,
}

impl Bells {
    fn ring(&self, topics: impl Iterator<Item = &'static str>) {
        let ring = |bell: &watch::Sender<u64>| bell.send_modify(|count| *count = count.wrapping_add(1));
        ring(&self.any);
        let bells = self.topics.lock().unwrap_or_else(PoisonError::into_inner);
        let mut last = None;
        for topic in topics {
            // Most publish one topic only.
            if last != Some(topic) {
                bells.get(topic).into_iter().for_each(ring);
            }
            last = Some(topic);
        }
    }
}

impl Outbox {
    /// The outbox in that database.
    pub fn new(db: Db) -> Self {
        Self {
            db,
            bells: Arc::default(),
        }
    }

    /// The database whose state it tells of.
    pub fn db(&self) -> &Db {
        &self.db
    }

    /// Begins a unit of work.
    pub async fn begin(&self) -> Result<Work, sqlx::Error> {
        Ok(Work {
            transaction: self.db.begin().await?,
            outgoing: Vec::new(),
            bells: Arc::clone(&self.bells),
        })
    }

    /// Changes whenever something was published from this process.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.bells.any.subscribe()
    }

    /// Changes whenever something was published on that topic from this process.
    pub(crate) fn subscribe_to(&self, topic: Topic) -> watch::Receiver<u64> {
        let mut topics = self.bells.topics.lock().unwrap_or_else(PoisonError::into_inner);
        topics.entry(topic.name).or_default().subscribe()
    }

    /// Something was published on these topics.
    pub(crate) fn ring(&self, topics: impl Iterator<Item = &'static str>) {
        self.bells.ring(topics);
    }
}

/// An event that is to be written with the state.
#[derive(Debug)]
pub(crate) struct Outgoing {
    pub(crate) topic: Topic,
    pub(crate) aggregate: String,
    pub(crate) payload: String,
    pub(crate) trace_parent: String,
    pub(crate) occurred_at: DateTime<Utc>,
}

/// A transaction that may publish. Dropped without [`Work::commit`], nothing happened.
#[derive(Debug)]
pub struct Work {
    transaction: Transaction,
    outgoing: Vec<Outgoing>,
    bells: Arc<Bells>,
}

impl Work {
    /// The transaction's connection, for stores.
    pub fn conn(&mut self) -> &mut PgConnection {
        &mut self.transaction
    }

    /// Publishes `event` when this work commits. The caller holds the lock of the event's aggregate (it has
    /// inserted the row, or updated it, in this work), since the number is given out from what is there.
    pub fn publish<E: Event>(&mut self, event: &E, occurred_at: DateTime<Utc>) -> Result<(), BusError> {
        let payload = serde_json::to_string(event).map_err(|source| BusError::Malformed {
            topic: E::TOPIC.name,
            source,
        })?;
        self.outgoing.push(Outgoing {
            topic: E::TOPIC,
            aggregate: event.aggregate(),
            payload,
            trace_parent: telemetry::current_trace().to_string(),
            occurred_at,
        });
        Ok(())
    }

    /// Writes the events, commits, and wakes who listens.
    pub async fn commit(mut self) -> Result<(), sqlx::Error> {
        if !self.outgoing.is_empty() {
            outbox::append(&mut self.transaction, &self.outgoing).await?;
        }
        self.transaction.commit().await?;
        if !self.outgoing.is_empty() {
            self.bells
                .ring(self.outgoing.iter().map(|event| event.topic.name));
        }
        Ok(())
    }

    /// Gives everything up now instead of at the next use of the connection.
    pub async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.transaction.rollback().await
    }
}
