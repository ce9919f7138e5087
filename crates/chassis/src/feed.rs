//! The event log across services: each serves its outbox under `/internal/v1/events`, and reads the others'.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use bus::{BusError, Cursor, EventLog, Feed, Heads, Lag, OUTBOX, OutboxLog, Places, Reader, Record};
use contracts::Topic;
use http::Method;
use serde::{Deserialize, Serialize};
use web::{Code, Path, Problem, Query, ServiceCaller};

use crate::peers::Peers;

/// How long a feed holds a reader that has seen everything, at most.
const MAX_WAIT: Duration = Duration::from_secs(10);

/// How long a neighbour may take to answer, a held request included.
const ANSWER: Duration = Duration::from_secs(15);

/// How long a held reader sleeps before the feed looks again by itself.
const NAP: Duration = Duration::from_millis(250);

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeedQuery {
    after: String,
    limit: u16,
    #[serde(default)]
    wait_ms: u64,
}

#[derive(Debug, Serialize, Deserialize)]
struct FeedAnswer {
    records: Vec<Record>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PartitionQuery {
    after: i64,
    limit: u16,
}

#[derive(Debug, Serialize, Deserialize)]
struct LagAnswer {
    lag: i64,
}

/// The routes under which other processes read this service's log.
pub(crate) fn routes(log: OutboxLog) -> Router {
    Router::new()
        .route("/internal/v1/events/{topic}", get(feed))
        .route("/internal/v1/events/{topic}/lag", get(lag))
        .route("/internal/v1/events/{topic}/heads", get(heads))
        .route(
            "/internal/v1/events/{topic}/partitions/{partition}",
            get(partition),
        )
        .with_state(Arc::new(log))
}

async fn feed(
    _: ServiceCaller,
    State(log): State<Arc<OutboxLog>>,
    Path(topic): Path<String>,
    Query(query): Query<FeedQuery>,
) -> Result<Json<FeedAnswer>, Problem> {
    let topic = known(&topic)?;
    let after = query.after.parse().map_err(problem)?;
    let limit = query.limit.min(1000);
    let mut left = Duration::from_millis(query.wait_ms).min(MAX_WAIT);
    let mut records = log.read(topic, &after, limit).await.map_err(problem)?;
    while records.is_empty() && !left.is_zero() {
        let nap = left.min(NAP);
        log.changed(topic, nap).await;
        left -= nap;
        records = log.read(topic, &after, limit).await.map_err(problem)?;
    }
    Ok(Json(FeedAnswer { records }))
}

async fn lag(
    _: ServiceCaller,
    State(log): State<Arc<OutboxLog>>,
    Path(topic): Path<String>,
    Query(query): Query<FeedQuery>,
) -> Result<Json<LagAnswer>, Problem> {
    let topic = known(&topic)?;
    let after = query.after.parse().map_err(problem)?;
    Ok(Json(LagAnswer {
        lag: log.count_after(topic, &after).await.map_err(problem)?,
    }))
}

async fn heads(
    _: ServiceCaller,
    State(log): State<Arc<OutboxLog>>,
    Path(topic): Path<String>,
) -> Result<Json<Heads>, Problem> {
    Ok(Json(log.heads(known(&topic)?).await.map_err(problem)?))
}

async fn partition(
    _: ServiceCaller,
    State(log): State<Arc<OutboxLog>>,
    Path((topic, partition)): Path<(String, i32)>,
    Query(query): Query<PartitionQuery>,
) -> Result<Json<FeedAnswer>, Problem> {
    let limit = query.limit.min(1000);
    let records = log.sequenced(known(&topic)?, partition, query.after, limit).await;
    Ok(Json(FeedAnswer {
        records: records.map_err(problem)?,
    }))
}

fn known(name: &str) -> Result<Topic, Problem> {
    Topic::named(name).ok_or_else(|| Problem::not_found(format!("topic {name}")))
}

#[allow(clippy::needless_pass_by_value, reason = "for map_err")]
fn problem(error: BusError) -> Problem {
    match error {
        BusError::Position(text) => {
            Problem::field("after", format!("{text:?} is not a position of this log"))
        }
        BusError::Database(ref e) if postgres::is_transient(e) => {
            Problem::new(Code::Unavailable, "the database does not answer").retry_after(1)
        }
        other => Problem::internal(&other),
    }
}

/// The logs of all services, each read where it is: in this process by a function call, elsewhere by HTTP.
#[derive(Clone)]
pub struct PlatformLog {
    peers: Peers,
}

impl PlatformLog {
    pub(crate) fn new(peers: Peers) -> Self {
        Self { peers }
    }

    async fn ask<A: serde::de::DeserializeOwned>(
        &self,
        topic: Topic,
        path: &str,
        limit: Duration,
    ) -> Result<A, BusError> {
        self.peers
            .ask::<(), A>(topic.producer, Method::GET, path, None, limit)
            .await
            .map_err(|e| BusError::Unreachable {
                producer: topic.producer.to_owned(),
                reason: e.to_string(),
            })
    }
}

#[async_trait]
impl EventLog for PlatformLog {
    fn name(&self) -> &'static str {
        OUTBOX
    }

    fn reader(&self, topic: Topic) -> Box<dyn Reader> {
        Box::new(PlatformReader {
            log: self.clone(),
            topic,
        })
    }

    async fn lag(&self, topic: Topic, places: &Places) -> Result<Lag, BusError> {
        if let Some(log) = self.peers.local_log(topic.producer) {
            return log.lag(topic, places).await;
        }
        let start = Cursor::start();
        let after = places.get(&0).unwrap_or(&start);
        let path = format!("/internal/v1/events/{topic}/lag?after={after}&limit=1");
        let answer: LagAnswer = self.ask(topic, &path, ANSWER).await?;
        Ok(Lag::in_one_partition(answer.lag))
    }
}

#[async_trait]
impl Feed for PlatformLog {
    async fn sequenced(
        &self,
        topic: Topic,
        partition: i32,
        after: i64,
        limit: u16,
    ) -> Result<Vec<Record>, BusError> {
        if let Some(log) = self.peers.local_log(topic.producer) {
            return log.sequenced(topic, partition, after, limit).await;
        }
        let path = format!("/internal/v1/events/{topic}/partitions/{partition}?after={after}&limit={limit}");
        let answer: FeedAnswer = self.ask(topic, &path, ANSWER).await?;
        Ok(answer.records)
    }

    async fn heads(&self, topic: Topic) -> Result<Heads, BusError> {
        if let Some(log) = self.peers.local_log(topic.producer) {
            return log.heads(topic).await;
        }
        let path = format!("/internal/v1/events/{topic}/heads");
        self.ask(topic, &path, ANSWER).await
    }
}

struct PlatformReader {
    log: PlatformLog,
    topic: Topic,
}

#[async_trait]
impl Reader for PlatformReader {
    fn partitions(&self) -> Vec<i32> {
        vec![0]
    }

    async fn read(&self, _: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        let topic = self.topic;
        if let Some(log) = self.log.peers.local_log(topic.producer) {
            return log.read(topic, after, limit).await;
        }
        // Over the network one held request reads and waits.
        let path = format!("/internal/v1/events/{topic}?after={after}&limit={limit}&wait_ms=1000");
        let answer: FeedAnswer = self.log.ask(topic, &path, ANSWER).await?;
        Ok(answer.records)
    }

    async fn changed(&self, within: Duration) -> bool {
        match self.log.peers.local_log(self.topic.producer) {
            Some(log) => log.changed(self.topic, within).await,
            // The next read waits.
            None => true,
        }
    }
}
