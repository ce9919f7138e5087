//! State and events in one statement, which is the transaction of both.

use std::collections::BTreeSet;

use contracts::Event;
use postgres::Single;
use sqlx::PgConnection;
use telemetry::TraceContext;

use crate::{BusError, Outbox};

/// The first event of a thing that one statement makes, as a row of the table `bus.outbox`. The statement inserts it where it
/// makes the thing, as number 1 of its topic and aggregate: should that have events already, the constraint `outbox_numbered`
/// stops the whole.
#[derive(Debug)]
pub struct FirstEvent {
    /// Where it is published.
    pub topic: &'static str,
    /// What it tells of.
    pub aggregate: String,
    /// The event.
    pub payload: String,
    /// In which trace it is published.
    pub trace_parent: String,
}

impl FirstEvent {
    /// That of `event`.
    ///
    /// # Errors
    /// [`BusError::Malformed`] if it can't be written as JSON.
    pub fn of<E: Event>(event: &E, trace: TraceContext) -> Result<Self, BusError> {
        let payload = serde_json::to_string(event).map_err(|source| BusError::Malformed {
            topic: E::TOPIC.name,
            source,
        })?;
        Ok(Self {
            topic: E::TOPIC.name,
            aggregate: event.aggregate(),
            payload,
            trace_parent: trace.to_string(),
        })
    }
}

/// A place for statements that write state and publish what tells of it. Each is a transaction of its own: either both
/// are there when it was answered, or neither.
#[derive(Debug)]
pub struct AtOnce {
    single: Single,
    outbox: Outbox,
}

impl Outbox {
    /// A place for statements that write state and publish, each by itself. Whoever needs more than one statement for
    /// that begins a [`crate::Work`]. It keeps a connection between them; see [`AtOnce::rest`].
    pub fn at_once(&self) -> AtOnce {
        AtOnce {
            single: self.db().single(),
            outbox: self.clone(),
        }
    }

    /// The same, for statements that find each row by its key; see [`postgres::Db::single_by_key`].
    pub fn at_once_by_key(&self) -> AtOnce {
        AtOnce {
            single: self.db().single_by_key(),
            outbox: self.clone(),
        }
    }
}

impl AtOnce {
    /// Runs the statement, waits for it no longer than a transaction may take, and wakes who listens to what it publishes.
    ///
    /// # Errors
    /// As of [`Single::conn`] and [`Single::end`].
    pub async fn run<S: Statement>(&mut self, statement: S) -> Result<S::Output, sqlx::Error> {
        let topics = statement.topics();
        let limit = self.single.limit();
        let conn = self.single.conn().await?;
        let answer = tokio::time::timeout(limit, statement.run(conn)).await;
        let value = self.single.end(answer)?;
        if !topics.is_empty() {
            self.outbox.ring(topics.into_iter());
        }
        Ok(value)
    }

    /// Whether it keeps a connection.
    pub fn is_kept(&self) -> bool {
        self.single.is_kept()
    }

    /// Gives the connection back to the pool, since there is nothing to write for a while.
    pub fn rest(&mut self) {
        self.single.rest();
    }
}

/// A statement that writes state and inserts what tells of it (see [`FirstEvent`]), or only reads.
pub trait Statement: Send {
    /// What it answers.
    type Output: Send;

    /// Where it publishes: who reads there is woken.
    fn topics(&self) -> BTreeSet<&'static str>;

    /// Runs it, once.
    fn run(self, conn: &mut PgConnection) -> impl Future<Output = Result<Self::Output, sqlx::Error>> + Send;
}
