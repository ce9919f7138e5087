//! A primary that is lost, succeeded or out of reach of its replicas, with real servers.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test reports a fault by panicking"
)]

mod commits;
mod resuming;
mod several_hosts;
mod stale_reads;
mod support;
