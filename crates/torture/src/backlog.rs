//! How many events were published and not handled, as the databases say.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr as _;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::{Context as _, Result};
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, PgConnection};
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep, timeout};

use crate::partitions::Published;

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

    /// How many events relays have put into each partition.
    pub(crate) async fn published(&self) -> Result<Published> {
        let mut all = Published::new();
        let mut asked = BTreeSet::new();
        for topic in contracts::topics::ALL {
            if asked.insert(topic.producer) {
                let mut connection = self.open(topic.producer).await?;
                let sql = "select topic, partition, numbered from bus.partitions";
                for (topic, partition, numbered) in sqlx::query_as(sql).fetch_all(&mut connection).await? {
                    all.insert((topic, partition), numbered);
                }
            }
        }
        Ok(all)
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

    /// What lies behind the places of consumers, or was put aside. Read from the ends of tables, since it is asked all
    /// the time.
    async fn sum(&mut self) -> Result<u64> {
        let mut behind: i64 = 0;
        for topic in contracts::topics::ALL {
            // Before the ends: what happens in between is behind, not ahead.
            let mut all_places = Vec::new();
            for consumer in topic.consumers {
                let sql = "select log, partition, position from bus.positions where topic = $1";
                let connection = self.connection(consumer).await?;
                let places: Vec<Place> = sqlx::query_as(sql).bind(topic.name).fetch_all(connection).await?;
                all_places.push(places);
            }
            let publisher = self.connection(topic.producer).await?;
            for places in all_places {
                behind = behind.saturating_add(behind_places(publisher, topic.name, &places).await?);
            }
        }
        for service in contracts::topics::ALL.iter().flat_map(|topic| topic.consumers) {
            let sql = "select count(*) from bus.parked where state <> 'skipped'";
            let connection = self.connection(service).await?;
            behind = behind.saturating_add(sqlx::query_scalar(sql).fetch_one(connection).await?);
        }
        Ok(u64::try_from(behind).unwrap_or(0))
    }

    async fn connection(&mut self, service: &'static str) -> Result<&mut PgConnection> {
        if !self.open.contains_key(service) {
            let connection = self.databases.open(service).await?;
            self.open.insert(service, connection);
        }
        self.open.get_mut(service).context("was opened")
    }
}

/// Log, partition, position.
type Place = (String, i32, String);

/// How many events of a topic lie behind the places of one consumer.
async fn behind_places(publisher: &mut PgConnection, topic: &str, places: &[Place]) -> Result<i64> {
    let (relayed, partitions): (i64, Vec<(i32, i64)>) = (
        sqlx::query_scalar("select coalesce((select taken_to from bus.frontier), 0)")
            .fetch_one(&mut *publisher)
            .await?,
        sqlx::query_as("select partition, numbered from bus.partitions where topic = $1")
            .bind(topic)
            .fetch_all(&mut *publisher)
            .await?,
    );
    if relayed == 0 {
        let at = places.iter().find(|(log, ..)| log == "outbox");
        let (xid, position) = at.and_then(|(.., at)| at.split_once('.')).unwrap_or(("0", "0"));
        let sql =
            "select count(*) from bus.outbox where topic = $1 and (xid, position) > ($2::xid8, $3::bigint)";
        let count = sqlx::query_scalar(sql)
            .bind(topic)
            .bind(xid)
            .bind(position.parse::<i64>()?);
        return Ok(count.fetch_one(publisher).await?);
    }
    let sql = "select count(*) from bus.outbox where topic = $1 and position > $2";
    let mut behind: i64 = sqlx::query_scalar(sql)
        .bind(topic)
        .bind(relayed)
        .fetch_one(publisher)
        .await?;
    for (partition, numbered) in partitions {
        let at = places
            .iter()
            .find(|(log, of, _)| log == "kafka" && *of == partition)
            .and_then(|(.., at)| at.strip_prefix("0."));
        let at: i64 = at.map_or(Ok(0), str::parse)?;
        behind = behind.saturating_add(numbered.saturating_sub(at).max(0));
    }
    Ok(behind)
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
