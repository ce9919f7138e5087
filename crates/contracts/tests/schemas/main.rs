//! What events look like: as the committed files say, and as services of other versions can read.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "a test reports a fault by panicking, and its tables are written out of values"
)]

mod check;
mod check_table;
mod committed;
mod files;
mod released;
mod samples;
