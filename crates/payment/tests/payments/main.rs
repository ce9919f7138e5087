//! Payments, over HTTP, on a real PostgreSQL: one program, since linking is most of what a test program costs.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test reports a fault by panicking"
)]

#[path = "../support/asking.rs"]
mod asking;
#[path = "../support/gate.rs"]
mod gate;
#[path = "../support/sound.rs"]
mod sound;
mod stripe_double;
#[path = "../support/mod.rs"]
mod support;

mod card_payments;
mod closing;
mod conformance;
mod disconnects;
mod disputes;
mod external_payments;
mod life;
mod linear;
mod lists;
mod races;
mod repeats;
mod repeats_from_cache;
mod routing;
mod stripe;
mod together;
mod webhook_lists;
mod webhooks;
