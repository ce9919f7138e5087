//! How the cluster is reached, and how topics are made.

use chassis::{Key, Kind, Settings};
use rdkafka::ClientConfig;

/// The settings of the cluster.
pub const SETTINGS: &[Key] = &[
    Key::new(
        "events.transport",
        Kind::OneOf(&["outbox", "kafka"]),
        "outbox",
        "how events get to other services: read from the publisher's outbox, or relayed into Kafka",
    ),
    Key::new(
        "kafka.brokers",
        Kind::Text,
        "",
        "where the cluster is first asked: host1:9092,host2:9092",
    ),
    Key::new(
        "kafka.prefix",
        Kind::Text,
        "",
        "stands before every topic and group, where installations share a cluster",
    ),
    Key::new(
        "kafka.partitions",
        Kind::Number,
        "6",
        "partitions of a topic when it is made: as many copies of a service can share its work",
    ),
    Key::new(
        "kafka.replication",
        Kind::Number,
        "3",
        "brokers that keep each partition of a topic that is made",
    ),
    Key::new(
        "kafka.min_insync",
        Kind::Number,
        "2",
        "brokers that must have a record before it counts as published; at most kafka.replication",
    ),
    Key::new(
        "kafka.security",
        Kind::OneOf(&["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"]),
        "plaintext",
        "whether the way is encrypted, and whether a password is shown",
    ),
    Key::new(
        "kafka.ca_file",
        Kind::Text,
        "",
        "the certificates, as PEM, that brokers' are signed by; empty: those of the system",
    ),
    Key::new(
        "kafka.mechanism",
        Kind::OneOf(&["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]),
        "SCRAM-SHA-512",
        "how the password is shown",
    ),
    Key::new("kafka.username", Kind::Text, "", "who we are to the brokers"),
    Key::new("kafka.password", Kind::Secret, "", "that user's password"),
];

/// What is not right in the settings of the cluster.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct OptionsError(String);

/// How the cluster is reached, and how topics are made.
#[derive(Debug, Clone)]
pub struct Options {
    base: ClientConfig,
    /// Stands before every topic and group.
    pub(crate) prefix: String,
    pub(crate) partitions: i32,
    pub(crate) replication: i32,
    pub(crate) min_insync: i32,
}

impl Options {
    /// Reads the settings; none where events do not go through Kafka.
    ///
    /// # Errors
    /// [`OptionsError`] names the setting that is missing or does not fit, and the remedy.
    pub fn from_settings(settings: &Settings) -> Result<Option<Self>, OptionsError> {
        if settings.text("events.transport") != "kafka" {
            return Ok(None);
        }
        let given = |name: &str| {
            settings
                .given(name)
                .ok_or_else(|| OptionsError(format!("events.transport is kafka: set {name} too")))
        };
        let number = |name: &str| {
            i32::try_from(settings.number(name))
                .ok()
                .filter(|number| *number > 0)
                .ok_or_else(|| OptionsError(format!("{name}: give a number from 1 to {}", i32::MAX)))
        };
        let security = settings.text("kafka.security");
        let mut base = ClientConfig::new();
        base.set("bootstrap.servers", given("kafka.brokers")?)
            .set("security.protocol", security)
            .set("client.id", "jeongsan")
            // Found again quickly after a failover: the defaults wait up to ten seconds between attempts.
            .set("reconnect.backoff.max.ms", "1000")
            .set("socket.keepalive.enable", "true")
            // Made by us, with as many copies as are wanted.
            .set("allow.auto.create.topics", "false")
            .set("topic.metadata.refresh.interval.ms", "30000");
        if let Some(path) = settings.given("kafka.ca_file") {
            base.set("ssl.ca.location", path);
        }
        if security.starts_with("sasl") {
            base.set("sasl.mechanism", settings.text("kafka.mechanism"))
                .set("sasl.username", given("kafka.username")?)
                .set("sasl.password", given("kafka.password")?);
        }
        let options = Self {
            base,
            prefix: settings.text("kafka.prefix").to_owned(),
            partitions: number("kafka.partitions")?,
            replication: number("kafka.replication")?,
            min_insync: number("kafka.min_insync")?,
        };
        if options.min_insync > options.replication {
            return Err(OptionsError(format!(
                "kafka.min_insync is {}, more than kafka.replication, which is {}: nothing could ever be published",
                options.min_insync, options.replication
            )));
        }
        Ok(Some(options))
    }

    /// What every client is configured with.
    pub(crate) fn client(&self) -> ClientConfig {
        self.base.clone()
    }

    /// The name of a topic in the cluster.
    pub(crate) fn topic(&self, topic: contracts::Topic) -> String {
        format!("{}{}", self.prefix, topic.name)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use chassis::Sources;

    pub(crate) fn options(flags: &[(&str, &str)]) -> Result<Option<Options>, String> {
        let flags = flags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned()));
        let sources = Sources {
            flags: flags.collect(),
            ..Sources::default()
        };
        let settings = Settings::load(SETTINGS.iter().copied(), &sources).unwrap();
        Options::from_settings(&settings).map_err(|error| error.to_string())
    }

    const KAFKA: (&str, &str) = ("events.transport", "kafka");
    const BROKERS: (&str, &str) = ("kafka.brokers", "127.0.0.1:9092");

    #[test]
    fn without_kafka_nothing_is_asked_for() {
        assert!(options(&[]).unwrap().is_none());
        assert!(options(&[KAFKA, BROKERS]).unwrap().is_some());
    }

    #[test]
    fn what_is_missing_or_does_not_fit_is_named() {
        for (flags, named) in [
            (vec![KAFKA], "kafka.brokers"),
            (
                vec![KAFKA, BROKERS, ("kafka.security", "sasl_ssl")],
                "kafka.username",
            ),
            (
                vec![KAFKA, BROKERS, ("kafka.partitions", "0")],
                "kafka.partitions",
            ),
            (
                vec![KAFKA, BROKERS, ("kafka.replication", "1")],
                "kafka.min_insync",
            ),
        ] {
            let error = options(&flags).unwrap_err();
            assert!(error.contains(named), "{error}");
        }
    }

    #[test]
    fn the_password_is_not_shown() {
        let sasl = [
            KAFKA,
            BROKERS,
            ("kafka.security", "sasl_ssl"),
            ("kafka.username", "u"),
            ("kafka.password", "very secret"),
        ];
        let shown = format!("{:?}", options(&sasl).unwrap().unwrap());
        assert!(!shown.contains("very secret"), "{shown}");
    }
}
