//! State and events in one statement, which is the transaction of both.

use contracts::Event;
use postgres::Single;
use sqlx::PgConnection;
use telemetry::TraceContext;

use crate::{BusError, Outbox};

/// The first events of things that one statement makes, as columns of the table `bus.outbox`. The statement inserts them,
/// all or those of the things that it has made, each as number 1 of its topic and aggregate: should an aggregate have events
/// already, the constraint `outbox_numbered` stops the whole.
#[derive(Debug, Default)]
pub struct FirstEvents {
    /// Where each is published.
    pub topics: Vec<&'static str>,
    /// What each tells of.
    pub aggregates: Vec<String>,
    /// The events.
    pub payloads: Vec<String>,
    /// In which trace each is published.
    pub trace_parents: Vec<String>,
}

impl FirstEvents {
    /// Adds one.
    ///
    /// # Errors
    /// [`BusError::Malformed`] if it can't be written as JSON.
    pub fn add<E: Event>(&mut self, event: &E, trace: TraceContext) -> Result<(), BusError> {
        let payload = serde_json::to_string(event).map_err(|source| BusError::Malformed {
            topic: E::TOPIC.name,
            source,
        })?;
        self.topics.push(E::TOPIC.name);
        self.aggregates.push(event.aggregate());
        self.payloads.push(payload);
        self.trace_parents.push(trace.to_string());
        Ok(())
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
    /// Runs the statement, waits for it no longer than a transaction may take, and wakes who listens to `events`.
    ///
    /// # Errors
    /// As of [`Single::conn`] and [`Single::end`].
    pub async fn run<T, S>(&mut self, events: &FirstEvents, statement: S) -> Result<T, sqlx::Error>
    where
        S: Statement<Output = T>,
    {
        let limit = self.single.limit();
        let conn = self.single.conn().await?;
        let answer = tokio::time::timeout(limit, statement.run(conn)).await;
        let value = self.single.end(answer)?;
        if !events.topics.is_empty() {
            self.outbox.ring(events.topics.iter().copied());
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

/// A statement that writes state and inserts what tells of it (see [`FirstEvents`]), or only reads.
pub trait Statement: Send {
    /// What it answers.
    type Output: Send;

    /// Runs it, once.
    fn run(self, conn: &mut PgConnection) -> impl Future<Output = Result<Self::Output, sqlx::Error>> + Send;
}
