//! What the benchmarks share: clients that pay, the partners they pay, the database server, processes, and medians.

pub mod load;
pub mod market;
pub mod median;
pub mod processes;
pub mod server;
pub mod wire;
