//! The rules of settlement, pure: no clock, no SQL.

pub mod claim;
pub mod contract;
pub mod line;
pub mod pricing;
pub mod reversal;
pub mod schedule;
pub mod statement;
pub mod takes_back;
pub mod window;
