//! How far the consumers of events are behind their publishers.

use std::fmt;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::PgConnection;

use bench::server::Server;

/// How long the consumers may take to catch up after a round.
const PATIENCE: Duration = Duration::from_mins(10);

/// A service's database.
struct Service {
    name: String,
    connection: PgConnection,
    topics: Vec<String>,
}

/// The services' databases.
pub struct Lag(Vec<Service>);

/// By consumer and topic, how many events it has not handled. Empty: everything is handled.
pub struct Behind(Vec<(String, String, i64)>);

impl fmt::Display for Behind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_empty() {
            return f.write_str("nobody is behind");
        }
        for (place, (consumer, topic, count)) in self.0.iter().enumerate() {
            let comma = if place == 0 { "" } else { ", " };
            write!(f, "{comma}{consumer} {count} behind in {topic}")?;
        }
        Ok(())
    }
}

impl Lag {
    /// Connects to every database that has an event log.
    pub async fn connect(server: &Server) -> Result<Self> {
        let mut any = server.database("postgres").await?;
        let names: Vec<String> = sqlx::query_scalar(
            "select datname from pg_database where datallowconn and not datistemplate order by datname",
        )
        .fetch_all(&mut any)
        .await?;
        let mut services = Vec::new();
        for name in names {
            let mut connection = server.database(&name).await?;
            let has_log: bool = sqlx::query_scalar("select to_regclass('bus.outbox') is not null")
                .fetch_one(&mut connection)
                .await?;
            if has_log {
                services.push(Service {
                    name,
                    connection,
                    topics: Vec::new(),
                });
            }
        }
        Ok(Self(services))
    }

    /// Who is how far behind.
    pub async fn now(&mut self) -> Result<Behind> {
        let mut positions: Vec<(String, String, String)> = Vec::new();
        for service in &mut self.0 {
            let rows: Vec<(String, String)> =
                sqlx::query_as("select topic, position from bus.positions where log = 'outbox'")
                    .fetch_all(&mut service.connection)
                    .await?;
            for (topic, position) in rows {
                positions.push((service.name.clone(), topic, position));
            }
            service.topics = sqlx::query_scalar(
                "with recursive found as (
                     (select topic from bus.outbox order by topic limit 1)
                     union all
                     select (select o.topic from bus.outbox o where o.topic > found.topic order by o.topic limit 1)
                       from found where found.topic is not null)
                 select topic from found where topic is not null",
            )
            .fetch_all(&mut service.connection)
            .await?;
        }
        let mut behind = Vec::new();
        for (consumer, topic, position) in positions {
            let Some((xid, place)) = position.split_once('.') else {
                continue;
            };
            for publisher in self.0.iter_mut().filter(|s| s.topics.contains(&topic)) {
                let count: i64 = sqlx::query_scalar(
                    "select count(*) from bus.outbox
                      where topic = $1 and (xid, position) > ($2::text::xid8, $3::text::bigint)",
                )
                .bind(&topic)
                .bind(xid)
                .bind(place)
                .fetch_one(&mut publisher.connection)
                .await?;
                if count > 0 {
                    behind.push((consumer.clone(), topic.clone(), count));
                }
            }
        }
        Ok(Behind(behind))
    }

    /// Waits until everybody has handled everything, and says how long that took.
    pub async fn wait(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let mut calm = 0;
        // What one consumer handled may be news for another: only twice nothing is nothing.
        while calm < 2 {
            let behind = self.now().await?;
            calm = if behind.0.is_empty() { calm + 1 } else { 0 };
            ensure!(begin.elapsed() < PATIENCE, "after ten minutes still: {behind}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(begin.elapsed())
    }
}
