//! The services' databases: whether everything is handled, and how long it took from a payment to the books.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use bench::server::Server;
use chrono::{DateTime, Utc};
use contracts::topics;
use sqlx::PgConnection;

/// How long everybody may take to catch up.
const PATIENCE: Duration = Duration::from_mins(10);
/// How often it is looked.
const LOOK: Duration = Duration::from_millis(50);

/// A connection to the database of every service that publishes or listens.
pub struct Databases(BTreeMap<&'static str, PgConnection>);

impl Databases {
    /// Connects to all.
    pub async fn connect(server: &Server) -> Result<Self> {
        let mut all = BTreeMap::new();
        for topic in topics::ALL {
            for service in topic.consumers.iter().chain([&topic.producer]) {
                if !all.contains_key(service) {
                    all.insert(*service, server.database(&format!("{service}db")).await?);
                }
            }
        }
        Ok(Self(all))
    }

    fn of(&mut self, service: &str) -> Result<&mut PgConnection> {
        self.0
            .get_mut(service)
            .with_context(|| format!("{service} has no database"))
    }

    /// How many events are still to be published, or to be handled, or cannot be handled.
    async fn behind(&mut self) -> Result<i64> {
        let mut behind: i64 = 0;
        for service in self.0.values_mut() {
            behind += sqlx::query_scalar::<_, i64>(
                "select (select count(*) from bus.outbox
                          where position > coalesce((select taken_to from bus.frontier), 0))
                      + (select count(*) from bus.holes h
                           join bus.outbox o on o.position between h.first and h.last)
                      + (select count(*) from bus.parked)",
            )
            .fetch_one(service)
            .await?;
        }
        for topic in topics::ALL {
            let numbered: Vec<(i32, i64)> =
                sqlx::query_as("select partition, numbered from bus.partitions where topic = $1")
                    .bind(topic.name)
                    .fetch_all(self.of(topic.producer)?)
                    .await?;
            for consumer in topic.consumers {
                let places: Vec<(i32, i64)> = sqlx::query_as(
                    "select partition, split_part(position, '.', 2)::bigint
                       from bus.positions where log = 'kafka' and topic = $1",
                )
                .bind(topic.name)
                .fetch_all(self.of(consumer)?)
                .await?;
                let places: BTreeMap<i32, i64> = places.into_iter().collect();
                behind += numbered
                    .iter()
                    .map(|(partition, numbered)| numbered - places.get(partition).copied().unwrap_or(0))
                    .sum::<i64>();
            }
        }
        Ok(behind)
    }

    /// Waits until everything is handled, and says how long that took.
    pub async fn caught_up(&mut self) -> Result<Duration> {
        let begin = Instant::now();
        let mut calm = 0;
        // What one handled may be news for another: only twice nothing is nothing.
        while calm < 2 {
            let behind = self.behind().await?;
            calm = if behind == 0 { calm + 1 } else { 0 };
            let took = begin.elapsed();
            ensure!(took < PATIENCE, "{behind} events are still behind after {took:?}");
            tokio::time::sleep(LOOK).await;
        }
        Ok(begin.elapsed())
    }

    /// The time by the database server's clock.
    pub async fn now(&mut self) -> Result<DateTime<Utc>> {
        Ok(sqlx::query_scalar("select now()")
            .fetch_one(self.of("payment")?)
            .await?)
    }

    /// For every payment since then, the time from the commit of the payment to the commit of its journal entry, in
    /// microseconds, sorted. Both are noted by the database server.
    pub async fn latencies(&mut self, since: DateTime<Utc>) -> Result<Vec<i64>> {
        let paid: Vec<(String, DateTime<Utc>)> = sqlx::query_as(
            "select aggregate, pg_xact_commit_timestamp(xid::xid) from bus.outbox
              where topic = 'payment-completed' and pg_xact_commit_timestamp(xid::xid) >= $1",
        )
        .bind(since)
        .fetch_all(self.of("payment")?)
        .await?;
        let booked: Vec<(String, DateTime<Utc>)> = sqlx::query_as(
            "select source_aggregate, pg_xact_commit_timestamp(xmin) from journal_entries
              where source_topic = 'payment-completed' and recorded_at >= $1",
        )
        .bind(since)
        .fetch_all(self.of("accounting")?)
        .await?;
        let booked: BTreeMap<String, DateTime<Utc>> = booked.into_iter().collect();
        let mut latencies = paid
            .into_iter()
            .map(|(payment, paid_at)| {
                let booked_at = booked
                    .get(&payment)
                    .with_context(|| format!("{payment} is not in the books"))?;
                let between = booked_at.signed_duration_since(paid_at);
                between.num_microseconds().context("a time within centuries")
            })
            .collect::<Result<Vec<i64>>>()?;
        latencies.sort_unstable();
        Ok(latencies)
    }

    /// An error unless the books have an entry for each of so many payments.
    pub async fn compare(&mut self, acknowledged: u64) -> Result<()> {
        let booked: i64 = sqlx::query_scalar(
            "select count(distinct source_aggregate) from journal_entries where source_topic = 'payment-completed'",
        )
        .fetch_one(self.of("accounting")?)
        .await?;
        ensure!(
            u64::try_from(booked)? == acknowledged,
            "{acknowledged} payments were acknowledged, and {booked} are in the books"
        );
        Ok(())
    }
}
