//! A service as data, and what it is given to start with.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use bus::{Consumer, EventLog, Handler, Outbox};
use cache::Cache;
use contracts::Topic;
use lease::Term;
use postgres::{DatabaseSpec, Db};
use sqlx::migrate::Migrator;
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;

use crate::{Clock, Key, Peers, Settings, Tasks, transport};

/// A service of the platform.
#[derive(Clone, Copy)]
pub struct Service {
    /// As in `jeongsan serve NAME` and in topics and tokens.
    pub name: &'static str,
    /// Its port where `ports.base` is 8080.
    pub port: u16,
    /// Its database, if it has one.
    pub database: Option<Database>,
    /// The settings that it adds to [`crate::BASE_KEYS`].
    pub settings: &'static [Key],
    /// Starts its loops and returns its routes.
    pub start: fn(Context) -> Starting,
}

/// A service's database and what brings it up to date.
#[derive(Clone, Copy)]
pub struct Database {
    /// Name and role.
    pub spec: DatabaseSpec,
    /// The service's own migrations, and those of shared tables such as `once::MIGRATOR`. Those of
    /// [`Database::every_migrator`] come first.
    pub migrators: &'static [&'static Migrator],
}

impl Database {
    /// Everything that brings the database up to date, in order: the event log's tables and the leases, which every
    /// service has, and [`Database::migrators`].
    pub fn every_migrator(&self) -> impl Iterator<Item = &'static Migrator> {
        [&bus::MIGRATOR, &lease::MIGRATOR]
            .into_iter()
            .chain(self.migrators.iter().copied())
    }
}

/// A service that is starting.
pub type Starting = Pin<Box<dyn Future<Output = Result<Parts, StartError>> + Send>>;

/// A service could not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct StartError(pub String);

impl StartError {
    /// From any error, with its chain.
    pub fn from_error(error: &(dyn std::error::Error + 'static)) -> Self {
        let text = std::iter::successors(error.source(), |e| e.source())
            .fold(error.to_string(), |text, cause| format!("{text}: {cause}"));
        Self(text)
    }
}

/// What a started service shows to the world.
pub struct Parts {
    /// Its routes, with their documentation. `/healthz`, `/readyz`, `/metrics`, `/openapi.json` and the event feed
    /// are added for it.
    pub routes: OpenApiRouter,
}

/// What a service is given.
#[derive(Clone)]
pub struct Context {
    /// The service's own name.
    pub service: &'static str,
    /// The settings of the process.
    pub settings: Arc<Settings>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The other services.
    pub peers: Peers,
    /// What may be forgotten.
    pub cache: Arc<dyn Cache>,
    /// Where the service's loops run.
    pub tasks: Tasks,
    /// The outbox in the service's database; see [`Context::outbox`].
    pub(crate) outbox: Option<Outbox>,
    /// One connection to the same database, beside the pool; see [`Context::lead`].
    pub(crate) leases: Option<Db>,
    /// The event log of all services.
    pub log: Arc<dyn EventLog>,
}

impl Context {
    /// The outbox in the service's database. A service without a database has none and gets an error.
    pub fn outbox(&self) -> Result<Outbox, StartError> {
        self.outbox.clone().ok_or_else(|| self.no_database())
    }

    fn no_database(&self) -> StartError {
        StartError(format!("{} was given no database", self.service))
    }

    /// A consumer of `topic` that writes into the service's own database.
    pub fn consumer(&self, topic: Topic, handler: Arc<dyn Handler>) -> Result<Consumer, StartError> {
        Ok(Consumer::new(
            Arc::clone(&self.log),
            topic,
            self.outbox()?,
            handler,
        ))
    }

    /// Does `work` in one copy of the service at a time, for as long as this copy leads in `name` and until the service
    /// stops. What it writes and only the leader may write asks [`Term::check`] in the same transaction.
    pub fn lead<F, Fut>(&self, name: &'static str, work: F) -> Result<(), StartError>
    where
        F: Fn(Term, CancellationToken) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let leases = self.leases.as_ref().ok_or_else(|| self.no_database())?;
        let lease = transport::lease(leases, name, &self.settings);
        self.tasks.spawn(name, lease.lead(self.tasks.stop_signal(), work));
        Ok(())
    }

    /// Runs a consumer of `topic` until the service stops.
    pub fn consume(&self, topic: Topic, handler: Arc<dyn Handler>) -> Result<(), StartError> {
        let consumer = self.consumer(topic, handler)?;
        self.tasks
            .spawn(topic.name, consumer.run(self.tasks.stop_signal()));
        Ok(())
    }
}
