//! What is secret is neither kept nor logged. A program of its own, since what it reads is all that a process logs.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reports a fault by panicking"
)]

#[path = "../support/mod.rs"]
mod support;

mod card_numbers;
mod payment_methods;
