//! The tables, one file each.
#![allow(
    clippy::as_conversions,
    reason = "`as` inside `query!` says the parameter's type; it converts nothing"
)]

pub(crate) mod accounts;
pub(crate) mod books;
pub(crate) mod break_repayments;
pub(crate) mod breaks;
pub(crate) mod dispute_breaks;
pub(crate) mod journal_entries;
pub(crate) mod journal_lines;
pub(crate) mod ledgers;
pub(crate) mod periods;

/// A stored word or number that this version does not know: the row was written by another one.
fn unreadable(what: &'static str, text: &str) -> sqlx::Error {
    sqlx::Error::Decode(format!("{text:?} is no {what}").into())
}

/// Reads a 128-bit sum out of the text of a `numeric`.
fn sum(text: &str) -> Result<i128, sqlx::Error> {
    text.parse()
        .map_err(|_| unreadable("whole number of 128 bits", text))
}

/// Reads a currency.
fn currency(text: &str) -> Result<money::Currency, sqlx::Error> {
    text.parse().map_err(|_| unreadable("currency", text))
}
