//! How events get from one service to another, where readers do not look into the outbox themselves.

use std::sync::Arc;
use std::time::Duration;

use bus::{Broker, EventLog, Feed, Outbox, Relay, ring_the_bell};
use lease::{Lease, Options};
use postgres::Db;

use crate::{Settings, Tasks};

/// A broker between outboxes and consumers, for all services of a process. It stands behind this trait so that no
/// service is compiled together with the broker's client.
pub trait Transport: Send + Sync {
    /// What the consumers of `service` read. What the broker lost is fetched from `feed`.
    fn log(&self, service: &'static str, feed: Arc<dyn Feed>) -> Arc<dyn EventLog>;

    /// Where `service` publishes.
    fn broker(&self, service: &'static str) -> Arc<dyn Broker>;
}

/// The lease `name` of a service, as this copy sees it.
pub(crate) fn lease(db: &Db, name: &'static str, settings: &Settings) -> Lease {
    let length = Duration::from_millis(settings.number("lease.length_ms").max(500));
    Lease::new(db.clone(), name, Options { length })
}

/// Publishes the outbox of a service as long as this copy leads, and wakes the copy that does.
pub(crate) fn relay(
    service: &'static str,
    outbox: &Outbox,
    lease: Lease,
    broker: Arc<dyn Broker>,
    tasks: &Tasks,
) {
    let relay = Arc::new(Relay::new(service, outbox.clone(), broker));
    let leading = lease.lead(tasks.stop_signal(), move |term, stop| {
        let relay = Arc::clone(&relay);
        async move { relay.run(term, stop).await }
    });
    tasks.spawn("relay", leading);
    tasks.spawn("bell", ring_the_bell(outbox.clone(), tasks.stop_signal()));
}
