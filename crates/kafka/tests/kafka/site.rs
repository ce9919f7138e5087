//! The service `payment`, which publishes to itself through Kafka.

use std::sync::Arc;

use bus::{Broker, Cursor, EventLog, Feed, Outbox, OutboxLog, Relay};
use chassis::Transport as _;
use kafka::{KafkaTransport, Options};
use lease::Lease;
use testkit::event_log;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::cluster;

/// Its name.
pub const SERVICE: &str = "payment";

/// A service with a relay, and as many copies of its consumers as a test wants.
pub struct Site {
    pub database: testkit::Database,
    pub options: Options,
    _relay: DropGuard,
}

/// One with three partitions a topic.
pub async fn open() -> Site {
    Site::with(3, |broker| broker).await
}

impl Site {
    /// One whose relay publishes to what `wrap` makes of Kafka.
    pub async fn with(partitions: u16, wrap: impl Fn(Arc<dyn Broker>) -> Arc<dyn Broker>) -> Self {
        let options = cluster::options(&cluster::prefix(), partitions);
        let database = event_log::database().await;
        let broker = wrap(KafkaTransport::new(options.clone()).broker(SERVICE));
        Self {
            _relay: relay(database.outbox(), broker),
            database,
            options,
        }
    }

    /// The log of one more copy, which heals what is missing from `feed`.
    pub fn log_with(&self, feed: Arc<dyn Feed>) -> Arc<dyn EventLog> {
        KafkaTransport::new(self.options.clone()).log(SERVICE, feed)
    }
}

/// Publishes what is in `outbox`, until the guard is dropped.
pub fn relay(outbox: Outbox, broker: Arc<dyn Broker>) -> DropGuard {
    let stop = CancellationToken::new();
    let lease = Lease::new(outbox.db().clone(), "relay", lease::Options::default());
    let relay = Arc::new(Relay::new(SERVICE, outbox, broker));
    let leading = lease.lead(stop.clone(), move |term, stop| {
        let relay = Arc::clone(&relay);
        async move { relay.run(term, stop).await }
    });
    tokio::spawn(leading);
    stop.drop_guard()
}

impl event_log::Site for Site {
    fn outbox(&self) -> Outbox {
        self.database.outbox()
    }

    fn log(&self) -> Arc<dyn EventLog> {
        self.log_with(Arc::new(OutboxLog::new(self.database.outbox())))
    }

    fn behind_the_end(&self) -> Cursor {
        Cursor::at(9_000_000_000)
    }
}
