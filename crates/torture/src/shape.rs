//! Which servers and processes there are, as data.

use std::fmt;

use servers::KafkaShape;

/// The shape of an installation.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// None: events are read from the outboxes.
    pub(crate) kafka: Option<KafkaShape>,
    /// One master, two replicas and three sentinels; otherwise the cache is in memory.
    pub(crate) redis: bool,
    /// Three servers under Patroni; otherwise one.
    pub(crate) patroni: bool,
    /// Services with a second copy. A second payment service has a gateway of its own.
    pub(crate) doubled: &'static [&'static str],
    /// Settings of all processes.
    pub(crate) settings: &'static [(&'static str, &'static str)],
}

/// One PostgreSQL, one node of Kafka, a cache in memory, no second copies: what other shapes differ from. A machine
/// with two cores does not carry everything at once.
pub(crate) const SMALL: Shape = Shape {
    kafka: Some(KafkaShape::KraftOne),
    redis: false,
    patroni: false,
    doubled: &[],
    settings: &[],
};

impl Shape {
    /// How Kafka keeps its topics.
    pub(crate) fn kafka_settings(kafka: KafkaShape) -> [(&'static str, &'static str); 2] {
        match kafka {
            KafkaShape::KraftOne => [("kafka.replication", "1"), ("kafka.min_insync", "1")],
            KafkaShape::ZooKeeper | KafkaShape::KraftThree => {
                [("kafka.replication", "3"), ("kafka.min_insync", "2")]
            }
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kafka {
            None => "outboxes",
            Some(KafkaShape::ZooKeeper) => "Kafka 3.9, 3 brokers, 3 ZooKeepers",
            Some(KafkaShape::KraftOne) => "Kafka 4, 1 node",
            Some(KafkaShape::KraftThree) => "Kafka 4, 3 nodes",
        })?;
        f.write_str(if self.redis {
            ", Redis 1+2, 3 sentinels"
        } else {
            ""
        })?;
        f.write_str(if self.patroni {
            ", PostgreSQL 1+2 under Patroni"
        } else {
            ", 1 PostgreSQL"
        })?;
        for service in self.doubled {
            write!(f, ", 2 x {service}")?;
        }
        for (name, value) in self.settings {
            write!(f, ", {name}={value}")?;
        }
        Ok(())
    }
}
