//! Kafka comes up in each of its shapes, and back after the loss of a part.
#![allow(clippy::unwrap_used, reason = "a test reports a fault by panicking")]

mod client;
mod failures;
mod secured;
