//! What the books know without a database: accounts, entries that balance, the posting of each fact, months.

mod account;
mod difference;
mod entry;
mod fact;
mod month;
mod period;
mod posting;

pub(crate) use account::{Account, AccountType, side_word};
pub(crate) use difference::{BreakState, Difference, DifferenceKind, DisputeChange, Repayment};
#[cfg(test)]
pub(crate) use entry::Line;
pub(crate) use entry::{BalancedEntry, DraftEntry};
pub(crate) use fact::{Entry, Fact, Source};
pub(crate) use month::Month;
pub(crate) use period::{Period, PeriodState};
pub(crate) use posting::{Booked, Posting};
