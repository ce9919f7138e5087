//! The life of a payment: everything that may be asked of it, everything that the network may do to it, and where a
//! process may die on the way.
#![allow(
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
#[path = "../support/mod.rs"]
mod support;

mod asynchronous;
mod buyer;
mod captures;
mod course;
mod crashes;
mod expiry;
mod external;
mod increments;
mod refunds;
mod resolve;
mod tenders;
mod timeline;
mod unknown;
mod walk;
