//! The event log across services: each serves its outbox under `/internal/v1/events`, and reads the others'.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use bus::{BusError, Cursor, EventLog, OutboxLog, Record};
use contracts::Topic;
use http::Method;
use serde::{Deserialize, Serialize};
use web::{Code, Path, Problem, Query, ServiceCaller};

use crate::peers::Peers;

/// How long a feed holds a reader that has seen everything, at most.
const MAX_WAIT: Duration = Duration::from_secs(10);

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
struct LagAnswer {
    lag: i64,
}

/// The routes under which other processes read this service's log.
pub(crate) fn routes(log: OutboxLog) -> Router {
    Router::new()
        .route("/internal/v1/events/{topic}", get(feed))
        .route("/internal/v1/events/{topic}/lag", get(lag))
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
    let mut records = log.read(topic, 0, &after, limit).await.map_err(problem)?;
    while records.is_empty() && !left.is_zero() {
        let nap = left.min(NAP);
        log.changed(topic, nap).await;
        left -= nap;
        records = log.read(topic, 0, &after, limit).await.map_err(problem)?;
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
        lag: log.lag(topic, 0, &after).await.map_err(problem)?,
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
    fn partitions(&self, _: Topic) -> i32 {
        1
    }

    async fn read(
        &self,
        topic: Topic,
        partition: i32,
        after: &Cursor,
        limit: u16,
    ) -> Result<Vec<Record>, BusError> {
        if let Some(log) = self.peers.local_log(topic.producer) {
            return log.read(topic, partition, after, limit).await;
        }
        // Over the network one held request reads and waits.
        let path = format!("/internal/v1/events/{topic}?after={after}&limit={limit}&wait_ms=1000");
        let answer: FeedAnswer = self.ask(topic, &path, Duration::from_secs(15)).await?;
        Ok(answer.records)
    }

    async fn lag(&self, topic: Topic, partition: i32, after: &Cursor) -> Result<i64, BusError> {
        if let Some(log) = self.peers.local_log(topic.producer) {
            return log.lag(topic, partition, after).await;
        }
        let path = format!("/internal/v1/events/{topic}/lag?after={after}&limit=1");
        let answer: LagAnswer = self.ask(topic, &path, Duration::from_secs(15)).await?;
        Ok(answer.lag)
    }

    async fn changed(&self, topic: Topic, within: Duration) -> bool {
        match self.peers.local_log(topic.producer) {
            Some(log) => log.changed(topic, within).await,
            // The next read waits.
            None => true,
        }
    }
}
