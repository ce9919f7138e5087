//! What clients see of a payment is what they would see if everything happened one after another.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reports a fault by panicking"
)]

#[path = "../support/asking.rs"]
mod asking;
#[path = "../support/sound.rs"]
mod sound;
#[path = "../support/mod.rs"]
mod support;

mod checker;
mod histories;
mod live;
mod model;
