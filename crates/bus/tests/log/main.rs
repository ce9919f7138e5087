//! The event log on a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test reports a fault by panicking"
)]

mod at_once;
mod consuming;
mod fixture;
mod publishing;

/// What every log must do.
mod suite {
    testkit::event_log_suite!(crate::fixture::open);
}
