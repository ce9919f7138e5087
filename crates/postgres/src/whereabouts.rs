//! Which of several servers is the primary, now and after a failover.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use sqlx::PgConnection;
use sqlx::postgres::{PgConnectOptions, PgPool};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use crate::PostgresError;
use crate::address::Host;
use crate::standing::{Standing, ask, visit};
use crate::survey::Survey;

/// How often the primary is looked at while nobody complains.
const PERIOD: Duration = Duration::from_secs(1);
/// How long the searcher rests between two surveys while there is no primary.
const REST: Duration = Duration::from_millis(100);
/// How often a replica for reading is looked for while there is none that is fit.
const REPLICA_PERIOD: Duration = Duration::from_secs(5);

/// What is known of a database's servers; shared by the pools' hooks and the task that looks for the primary.
#[derive(Debug)]
pub(crate) struct Whereabouts {
    database: String,
    hosts: Vec<Host>,
    /// The highest timeline that was seen. A primary of a lower one has been succeeded, and gets no writes.
    timeline: AtomicU32,
    wake: Notify,
    known: Mutex<Known>,
    replica_is_wanted: AtomicBool,
    /// How old what is read from a replica may be.
    lag_limit: Duration,
}

#[derive(Debug, Default)]
struct Known {
    primary: usize,
    replica: Option<usize>,
    /// How far the primary had come, and when: what a replica is measured by.
    marks: VecDeque<(Instant, u64)>,
    surveyed: Option<Instant>,
}

impl Whereabouts {
    pub(crate) fn new(database: String, hosts: Vec<Host>, lag_limit: Duration) -> Self {
        Self {
            database,
            hosts,
            timeline: AtomicU32::new(0),
            wake: Notify::new(),
            known: Mutex::default(),
            replica_is_wanted: AtomicBool::new(false),
            lag_limit,
        }
    }

    /// Finds the primary within `limit`.
    pub(crate) async fn find_within(&self, limit: Duration) -> Result<PgConnectOptions, PostgresError> {
        let deadline = Instant::now() + limit;
        loop {
            let survey = self.survey().await;
            if let Some(options) = self.learn(&survey) {
                return Ok(options);
            }
            if survey.is_hopeless() || Instant::now() >= deadline {
                return Err(PostgresError::NoPrimary {
                    database: self.database.clone(),
                    survey,
                });
            }
            sleep(REST).await;
        }
    }

    /// Keeps `pool` pointed at the primary, and `readers` at a replica, for ever.
    pub(crate) async fn keep_watch(&self, pool: &PgPool, readers: &PgPool) {
        loop {
            let is_woken = timeout(PERIOD, self.wake.notified()).await.is_ok();
            if is_woken || !self.primary_is_fine(pool).await {
                pool.set_connect_options(self.search().await);
                // However many complain at once, the servers are asked a few times a second.
                sleep(REST).await;
            } else if self.replica_is_due() {
                self.learn(&self.survey().await);
            }
            if let Some(replica) = self.replica() {
                readers.set_connect_options(read_only(replica));
            }
        }
    }

    /// Has the primary looked for now: something failed that a failover may explain.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Whether the server at the other end may be written to. It has no transaction open afterwards.
    pub(crate) async fn may_write(&self, conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let standing = ask(conn).await;
        let is_fit = standing.as_ref().is_ok_and(|standing| self.is_primary(*standing));
        if !is_fit {
            self.wake();
        }
        standing.map(|_| is_fit)
    }

    /// Whether the server at the other end is a replica that has replayed what the primary had written at most the limit ago.
    ///
    /// A replica's own word is not enough: one that is cut off has replayed all that it received, and the time of
    /// its last transaction grows old on an idle primary too.
    pub(crate) async fn may_read(&self, conn: &mut PgConnection) -> Result<bool, sqlx::Error> {
        let standing = ask(conn).await?;
        let has_come_far = self.bar().is_some_and(|bar| standing.position >= bar);
        Ok(standing.timeline.is_none() && has_come_far)
    }

    /// Whether reading from a replica is worth a try. From now on, one is looked for.
    pub(crate) fn has_replica(&self) -> bool {
        self.replica_is_wanted.store(true, Ordering::Relaxed);
        self.known().replica.is_some()
    }

    /// Notes that the replica does not serve, until the next survey.
    pub(crate) fn give_up_replica(&self) {
        self.known().replica = None;
    }

    fn is_primary(&self, standing: Standing) -> bool {
        standing
            .timeline
            .is_some_and(|timeline| timeline >= self.timeline.load(Ordering::Relaxed))
    }

    async fn survey(&self) -> Survey {
        let begun = Instant::now();
        let survey = Survey::take(&self.hosts).await;
        let mut known = self.known();
        known.surveyed = Some(Instant::now());
        if let Some((_, _, standing)) = survey.primary(self.timeline.load(Ordering::Relaxed)) {
            known.mark(begun, standing.position, self.lag_limit);
        }
        drop(known);
        let bar = self.bar();
        let fit = survey
            .replica()
            .filter(|(_, position)| bar.is_some_and(|bar| *position >= bar));
        self.known().replica = fit.map(|(host, _)| host);
        survey
    }

    /// Remembers who the primary is, if there is one.
    fn learn(&self, survey: &Survey) -> Option<PgConnectOptions> {
        let (host, timeline, _) = survey.primary(self.timeline.load(Ordering::Relaxed))?;
        let before = self.timeline.fetch_max(timeline, Ordering::Relaxed);
        let mut known = self.known();
        if before != 0 && (known.primary != host || before != timeline) {
            // Places in the log of another timeline measure nothing.
            known.marks.clear();
            let name = self.hosts.get(host).map(|h| h.name.as_str());
            tracing::warn!(
                database = self.database,
                primary = name,
                timeline,
                "the primary has changed"
            );
        }
        known.primary = host;
        self.hosts.get(host).map(|host| host.options.clone())
    }

    /// Surveys until there is a primary.
    async fn search(&self) -> PgConnectOptions {
        let mut is_told = false;
        loop {
            let survey = self.survey().await;
            if let Some(options) = self.learn(&survey) {
                return options;
            }
            if !is_told {
                tracing::error!(database = self.database, %survey, "there is no primary");
                is_told = true;
            }
            sleep(REST).await;
        }
    }

    /// Asks over an idle connection of the pool, which costs the server no other, else over a new one.
    async fn primary_is_fine(&self, pool: &PgPool) -> bool {
        let begun = Instant::now();
        let standing = match pool.try_acquire() {
            Some(mut conn) => match ask(&mut conn).await {
                Ok(standing) if self.is_primary(standing) => Ok(standing),
                other => {
                    // It must not come back to the pool.
                    drop(conn.detach());
                    other
                }
            },
            None => match self.current() {
                Some(host) => visit(host).await,
                None => return false,
            },
        };
        match standing {
            Ok(standing) if self.is_primary(standing) => {
                self.known().mark(begun, standing.position, self.lag_limit);
                true
            }
            _ => false,
        }
    }

    fn replica_is_due(&self) -> bool {
        let known = self.known();
        self.replica_is_wanted.load(Ordering::Relaxed)
            && known.replica.is_none()
            && known.surveyed.is_none_or(|at| at.elapsed() >= REPLICA_PERIOD)
    }

    /// The oldest mark that is young enough: who has come this far is fit.
    fn bar(&self) -> Option<u64> {
        let known = self.known();
        let mark = known.marks.iter().find(|(at, _)| at.elapsed() <= self.lag_limit);
        mark.map(|(_, position)| *position)
    }

    fn current(&self) -> Option<&Host> {
        self.hosts.get(self.known().primary)
    }

    /// The replica to read from, if one is fit.
    pub(crate) fn replica(&self) -> Option<PgConnectOptions> {
        let host = self.known().replica?;
        self.hosts.get(host).map(|host| host.options.clone())
    }

    fn known(&self) -> std::sync::MutexGuard<'_, Known> {
        // What is behind it is whole at every moment.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn mark(&mut self, at: Instant, position: u64, limit: Duration) {
        while self.marks.front().is_some_and(|(old, _)| old.elapsed() > limit) {
            self.marks.pop_front();
        }
        self.marks.push_back((at, position));
    }
}

/// Reports read; that they can do no more guards against a replica that is promoted under them.
pub(crate) fn read_only(options: PgConnectOptions) -> PgConnectOptions {
    options.options([("default_transaction_read_only", "on")])
}
