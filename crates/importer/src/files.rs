//! The three files: read as a stream of rows, checked against each other, made into orders.

mod assemble;
mod fault;
mod field;
mod orders;
mod partners;
mod payments;
mod table;

pub use assemble::{Checked, Sources, check};
pub use fault::{Fault, Faults, RowError};
