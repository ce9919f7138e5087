//! A unit of work: state and the events that tell of it, committed together.

use std::sync::Arc;

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
    woken: Arc<watch::Sender<u64>>,
}

impl Outbox {
    /// The outbox in that database.
    pub fn new(db: Db) -> Self {
        Self {
            db,
            woken: Arc::new(watch::Sender::new(0)),
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
            outbox: self.clone(),
        })
    }

    /// Changes whenever something was published from this process.
    pub(crate) fn subscribe(&self) -> watch::Receiver<u64> {
        self.woken.subscribe()
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
    outbox: Outbox,
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
        let published = !self.outgoing.is_empty();
        if published {
            outbox::append(&mut self.transaction, &self.outgoing).await?;
        }
        self.transaction.commit().await?;
        if published {
            self.outbox
                .woken
                .send_modify(|count| *count = count.wrapping_add(1));
        }
        Ok(())
    }

    /// Gives everything up now instead of at the next use of the connection.
    pub async fn roll_back(self) -> Result<(), sqlx::Error> {
        self.transaction.rollback().await
    }
}
