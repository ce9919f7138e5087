//! The relay between a real PostgreSQL and a broker in memory.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "a test reports a fault by panicking"
)]

mod fixture;
mod marking;
mod memory;
mod numbering;
mod succession;
