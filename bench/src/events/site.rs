//! One Kafka and one PostgreSQL, both real and on a disk, for the whole run.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context, Result};
use chassis::{Settings, Sources};
use embedded::{EmbeddedOptions, EmbeddedPostgres};
use kafka::{KafkaTransport, Options};
use postgres::{Db, DbOptions};
use servers::{Kafka, KafkaShape};
use sqlx::{AssertSqlSafe, Connection, PgConnection};
use tempfile::TempDir;

/// Where everything runs.
pub struct Site {
    kafka: Kafka,
    postgres: EmbeddedPostgres,
    partitions: u16,
    replication: u16,
    _folder: TempDir,
}

impl Site {
    /// Starts both.
    pub async fn start(shape: KafkaShape, partitions: u16) -> Result<Self> {
        // The database server runs as another user when we are root: it must be able to enter.
        let folder = tempfile::Builder::new()
            .prefix("jeongsan-bench-")
            .permissions(std::fs::Permissions::from_mode(0o755))
            .tempdir()?;
        let options = EmbeddedOptions::new(folder.path().join("data"));
        let (kafka, postgres) = tokio::join!(Kafka::start(shape), EmbeddedPostgres::start(options));
        let replication = if shape == KafkaShape::KraftOne { 1 } else { 3 };
        Ok(Self {
            kafka: kafka?,
            postgres: postgres?,
            partitions,
            replication,
            _folder: folder,
        })
    }

    /// Where Kafka is first asked.
    pub fn brokers(&self) -> String {
        self.kafka.bootstrap()
    }

    /// A new database with the tables that events need.
    pub async fn database(&self, name: &str) -> Result<Db> {
        let mut admin = PgConnection::connect(&self.postgres.admin_url()).await?;
        sqlx::query(AssertSqlSafe(format!("create database {name}")))
            .execute(&mut admin)
            .await?;
        admin.close().await?;
        let url = self.postgres.admin_url();
        let (server, _) = url.rsplit_once('/').context("an address names a database")?;
        let db = Db::connect(&DbOptions::new(format!("{server}/{name}"), "bench")).await?;
        db.migrate(&bus::MIGRATOR).await?;
        db.migrate(&lease::MIGRATOR).await?;
        Ok(db)
    }

    /// The platform's client of Kafka, whose topics and groups begin with `prefix`.
    pub fn transport(&self, prefix: &str) -> Result<KafkaTransport> {
        let min_insync = self.replication.div_ceil(2);
        let flags = [
            ("events.transport", "kafka".to_owned()),
            ("kafka.brokers", self.brokers()),
            ("kafka.prefix", prefix.to_owned()),
            ("kafka.partitions", self.partitions.to_string()),
            ("kafka.replication", self.replication.to_string()),
            ("kafka.min_insync", min_insync.to_string()),
        ];
        let sources = Sources {
            flags: flags
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            environment: BTreeMap::new(),
            file: None,
        };
        let settings = Settings::load(kafka::SETTINGS.iter().copied(), &sources)?;
        let options = Options::from_settings(&settings)?.context("events go through Kafka")?;
        Ok(KafkaTransport::new(options))
    }

    /// Stops PostgreSQL, and waits for it; Kafka is killed when this is dropped.
    pub async fn stop(self) -> Result<()> {
        Ok(self.postgres.stop().await?)
    }
}
