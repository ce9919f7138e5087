//! The servers that production runs on, on loopback, and the example files of settings.

use std::path::Path;

use anyhow::{Result, ensure};
use e2e::{PORTS, Platform};
use servers::{Kafka, KafkaShape, RedisSentinel, ReplicatedPostgres};

const REDIS_PASSWORD: &str = "a redis password";

/// One Kafka node, Redis with sentinels, PostgreSQL with replicas.
pub struct Servers {
    kafka: Kafka,
    redis: RedisSentinel,
    postgres: ReplicatedPostgres,
}

impl Servers {
    pub async fn start() -> Result<Self> {
        let (kafka, redis, postgres) = tokio::join!(
            Kafka::start(KafkaShape::KraftOne),
            RedisSentinel::start(REDIS_PASSWORD),
            ReplicatedPostgres::start(),
        );
        Ok(Self {
            kafka: kafka?,
            redis: redis?,
            postgres: postgres?,
        })
    }

    /// That file of settings, and what differs from it here: where the servers are, that there is one broker and no
    /// TLS, and that the simulated card network may be paid with.
    pub fn settings(&self, example: &str) -> Vec<(String, String)> {
        let sentinels: Vec<String> = self
            .redis
            .sentinel_ports()
            .iter()
            .map(|port| format!("127.0.0.1:{port}"))
            .collect();
        let password = REDIS_PASSWORD.replace(' ', "%20");
        let cache = format!(
            "redis+sentinel://:{password}@{}/{}?db=0",
            sentinels.join(","),
            self.redis.master_name()
        );
        let mut settings = vec![
            ("config", file(example)),
            ("environment", "development".to_owned()),
            ("host", "127.0.0.1".to_owned()),
            ("postgres.url", self.postgres.url("postgres")),
            ("postgres.server_connections", "200".to_owned()),
            ("postgres.copies", "1".to_owned()),
            ("cache.url", cache),
            ("kafka.brokers", self.kafka.bootstrap()),
            ("kafka.partitions", "3".to_owned()),
            ("kafka.replication", "1".to_owned()),
            ("kafka.min_insync", "1".to_owned()),
            ("kafka.security", "plaintext".to_owned()),
            ("gateway.port", "0".to_owned()),
        ];
        // Where the services are found: on this machine.
        for service in [
            "user",
            "payment",
            "settlement",
            "partner",
            "accounting",
            "notification",
            "reporting",
        ] {
            settings.push((service, String::new()));
        }
        settings
            .into_iter()
            .map(|(name, value)| {
                let is_service = !name.contains('.') && value.is_empty();
                let name = if is_service {
                    format!("{name}.url")
                } else {
                    name.to_owned()
                };
                (name, value)
            })
            .collect()
    }
}

/// Whether events went through Kafka, and hints into the cache that all processes share: the platform would work
/// without.
pub async fn was_used(platform: &Platform) -> Result<()> {
    for (service, offset) in PORTS
        .iter()
        .filter(|(service, _)| ["payment", "settlement"].contains(service))
    {
        let page = platform.direct(*offset).text("/metrics").await?;
        let counted = |name: &str| {
            let lines = page.lines().filter(|line| line.starts_with(name));
            lines
                .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
                .sum::<f64>()
        };
        ensure!(
            counted("jeongsan_relay_events_total") > 0.0,
            "{service} relayed nothing"
        );
        ensure!(
            *service != "payment" || counted("jeongsan_cache_reads_total{result=\"hit\"") > 0.0,
            "{service} found nothing in the cache"
        );
    }
    Ok(())
}

/// A file of the project.
pub fn file(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    root.join(path).display().to_string()
}
