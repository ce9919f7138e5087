//! How many events were published and not handled, as the databases say.

use std::collections::BTreeMap;
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection, Row as _};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

/// How often it is looked at, and how long one look may take.
const PERIOD: Duration = Duration::from_millis(500);
const LIMIT: Duration = Duration::from_secs(15);

/// The databases, as an administrator reaches them.
#[derive(Debug, Clone)]
pub(crate) struct Databases {
    url: String,
}

impl Databases {
    /// Those of a server, or of several servers that follow each other.
    pub(crate) fn at(url: &str) -> Self {
        Self { url: url.to_owned() }
    }

    /// A connection to the database of a service.
    pub(crate) async fn open(&self, service: &str) -> Result<PgConnection> {
        let options = if self.url.contains(',') {
            postgres::primary(&self.url).await?
        } else {
            PgConnectOptions::from_str(&self.url)?
        };
        let options = options.database(&format!("{service}db"));
        Ok(options.connect().await?)
    }
}

/// Connections that are kept between looks.
struct Counter {
    databases: Databases,
    open: BTreeMap<&'static str, PgConnection>,
}

impl Counter {
    /// Events that consumers have still to handle, over all topics.
    async fn count(&mut self) -> Result<u64> {
        let counted = timeout(LIMIT, self.sum()).await;
        let counted = counted.context("the databases do not answer").flatten();
        if counted.is_err() {
            // After a failover they lead to a server that is none.
            self.open.clear();
        }
        counted
    }

    async fn sum(&mut self) -> Result<u64> {
        let mut handled = BTreeMap::new();
        // Before what was published is counted: what happens in between is behind, not ahead.
        for topic in contracts::topics::ALL {
            for consumer in topic.consumers {
                let sql = "select coalesce(sum(number), 0)::bigint from bus.handled where topic = $1";
                handled.insert(
                    (topic.name, *consumer),
                    self.ask(consumer, sql, topic.name).await?,
                );
            }
        }
        let mut behind: i64 = 0;
        for topic in contracts::topics::ALL {
            let sql = "select count(*) from bus.outbox where topic = $1";
            let published = self.ask(topic.producer, sql, topic.name).await?;
            for consumer in topic.consumers {
                let done = handled.get(&(topic.name, *consumer)).copied().unwrap_or(0);
                behind = behind.saturating_add(published.saturating_sub(done));
            }
        }
        Ok(u64::try_from(behind).unwrap_or(0))
    }

    async fn ask(&mut self, service: &'static str, sql: &'static str, topic: &str) -> Result<i64> {
        if !self.open.contains_key(service) {
            let connection = self.databases.open(service).await?;
            self.open.insert(service, connection);
        }
        let connection = self.open.get_mut(service).context("was opened")?;
        let row = sqlx::query(sql).bind(topic).fetch_one(connection).await?;
        Ok(row.try_get(0)?)
    }
}

/// Looks all the time.
pub(crate) struct Backlog {
    looks: Arc<Mutex<Vec<(Instant, u64)>>>,
    watcher: JoinHandle<()>,
}

impl Backlog {
    /// Begins to look.
    pub(crate) fn watch(databases: Databases) -> Self {
        let looks = Arc::<Mutex<Vec<_>>>::default();
        let noted = Arc::clone(&looks);
        let watcher = tokio::spawn(async move {
            let mut counter = Counter {
                databases,
                open: BTreeMap::new(),
            };
            loop {
                // Away during a failover: then it is not known, and that is no look.
                if let Ok(count) = counter.count().await {
                    noted
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((Instant::now(), count));
                }
                sleep(PERIOD).await;
            }
        });
        Self { looks, watcher }
    }

    /// The largest one between these instants.
    pub(crate) fn peak(&self, from: Instant, to: Instant) -> u64 {
        let looks = self.looks();
        let between = looks.iter().filter(|(at, _)| (from..to).contains(at));
        between.map(|(_, count)| *count).max().unwrap_or(0)
    }

    /// From an instant until it was seen to be that small.
    pub(crate) fn down_after(&self, from: Instant, to: u64) -> Option<Duration> {
        let looks = self.looks();
        let small = looks.iter().find(|(at, count)| *at >= from && *count <= to);
        small.map(|(at, _)| *at - from)
    }

    /// Waits until it was seen to be that small; how long after `from` that was. None: not within the limit.
    pub(crate) async fn falls_to(&self, size: u64, from: Instant, limit: Duration) -> Option<Duration> {
        loop {
            let took = self.down_after(from, size);
            if took.is_some() || from.elapsed() >= limit {
                return took;
            }
            sleep(PERIOD).await;
        }
    }

    fn looks(&self) -> Vec<(Instant, u64)> {
        self.looks.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Backlog {
    fn drop(&mut self) {
        self.watcher.abort();
    }
}
