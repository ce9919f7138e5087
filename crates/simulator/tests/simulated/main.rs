//! The simulated network over HTTP.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reports a fault by panicking"
)]

mod support;

mod actions;
mod disputes;
mod network;
mod webhooks;
