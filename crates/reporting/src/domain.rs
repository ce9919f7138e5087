//! Sums of entries. No clock, no database, no HTTP.

#[cfg(test)]
pub(crate) use deltas::tests;

mod deltas;
mod period;
mod sums;

pub(crate) use deltas::{DailyKey, Deltas, PartnerKey};
pub(crate) use period::{Fault, Months, Period};
pub(crate) use sums::{Sums, totals};
