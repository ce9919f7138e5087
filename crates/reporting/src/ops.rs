//! What can be done with the sums, one use case a file.

mod add_entries;
mod report;

pub(crate) use add_entries::add_entries;
pub(crate) use report::{daily, partner};
