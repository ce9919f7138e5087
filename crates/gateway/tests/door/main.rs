//! The gateway with the user service and a stand-in for the payment service, in one process and in two.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reports a fault by panicking, and what it stands on does too"
)]

mod access;
mod documentation;
mod limits;
mod secrecy;
mod stand_in;
mod town;
