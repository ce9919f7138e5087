//! What running services took in is proved, and what is changed of it behind their backs is seen.
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a test reports a fault by panicking"
)]

mod world;

mod amounts;
mod disputes;
mod refunds;
mod released;
mod routes;
