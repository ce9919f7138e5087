//! The event log on a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test reports a fault by panicking"
)]

mod consuming;
mod dead_letters;
mod fixture;
mod publishing;
