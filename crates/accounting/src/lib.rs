//! The books: accounts, ledgers and journal entries that always balance.
//!
//! Owns the chart of accounts, journal entries (전표) with their lines, ledgers (원장), periods and breaks. Hears what
//! was paid, refunded, disputed, priced and settled, books each fact once, and tells of every entry it posts.
//!
//! What never happens here:
//! - An entry whose debits differ from its credits in any currency, or that changes after it was posted.
//! - A source event that is booked twice in one set of books.
//! - A posting into a closed period, or a period that opens again.
//! - An amount that is paid over netted against one that is paid short.
//! - A balance that needs a sum over all lines.

mod api;
mod domain;
mod error;
mod events;
mod ops;
mod service;
mod store;
#[cfg(test)]
mod tests;
mod worker;

pub(crate) use error::Error;
pub use service::service;

/// The tables of this crate.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();
