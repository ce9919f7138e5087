//! A production shape on loopback, under load, with a fault in it.
//!
//! [`run`] starts real servers and the platform as a process per service, has seeded clients pay through the gateway,
//! does what a [`Fault`] says, and counts afterwards: what was acknowledged and is not there, what is there twice, what
//! the clients saw, and how long nothing was acknowledged. A run that its fault did not touch proves nothing, so each
//! fault names the traces that it must leave.

mod audit;
mod backlog;
mod deed;
mod fault;
mod faults;
mod load;
mod orders;
mod partitions;
mod report;
mod run;
mod seen;
mod shape;
mod stage;
mod traces;

use std::path::PathBuf;

pub use fault::Fault;
pub use faults::{all, named};
pub use report::Report;
pub use run::run;

/// How a fault is run.
#[derive(Debug, Clone)]
pub struct Options {
    /// The program whose services are started.
    pub binary: PathBuf,
    /// Of the payments, and of the instant of the fault.
    pub seed: u64,
    /// Payments that the clients try to make in a second, all together.
    pub rate: u64,
    /// How long they pay, at least: until the fault is over and a while longer.
    pub seconds: u64,
    /// The times of the fault are divided by this, for a short run.
    pub hurry: u64,
    /// Settings of the platform's processes, beside those of the shape.
    pub settings: Vec<(String, String)>,
    /// Where the logs of the platform's processes are to be kept; otherwise they go with the run.
    pub logs: Option<PathBuf>,
}

/// Milliseconds.
fn millis(time: std::time::Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
