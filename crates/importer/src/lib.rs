//! Orders from files into the public API, and a sample of the same shape.
//!
//! Invariants of this crate:
//! - Everything is read and checked before anything is sent.
//! - An order is sent whole or not at all.
//! - It can be stopped at any moment and run again: what is there already is counted, not made twice.
//! - It uses nothing but the public API.

mod args;
mod error;
mod files;
mod order;
mod run;
pub mod sample;
mod send;
mod summary;
mod totals;

pub use args::{CycleName, ImportArgs};
pub use error::ImportError;
pub use files::{Checked, Fault, Faults, RowError, Sources, check};
pub use order::{Line, Order, Seller, Tender};
pub use run::{Target, run, run_until};
pub use send::Pace;
pub use summary::{Counts, Outcome, Refusal, Summary};
pub use totals::{Break, Totals};
