//! What the benchmarks share: clients that pay, the partners they pay, the database server, and medians.

pub mod load;
pub mod market;
pub mod median;
pub mod server;
