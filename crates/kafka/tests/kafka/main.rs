//! The event log in a real Kafka: one broker for all tests of this process, topics and groups of its own for each.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test reports a fault by panicking"
)]

mod chaos;
mod cluster;
mod groups;
mod healing;
mod secured;
mod site;
mod sizes;

/// What every log must do.
mod suite {
    testkit::event_log_suite!(crate::site::open);
}
