//! The only SQL of this service, a file for each table.
#![allow(
    clippy::as_conversions,
    reason = "`as` is how sqlx's macros are told the type of a parameter"
)]

pub mod changes;
pub mod closing;
pub mod disputes;
pub mod evidence;
pub mod known;
pub mod listing;
pub mod payment_lines;
pub mod payment_methods;
pub mod payments;
pub mod reading;
pub mod routes;
pub mod routing_tables;
mod rows;
pub mod tenders;
pub mod timeline;
pub mod transactions;
pub mod webhooks;
pub mod writing;

use std::str::FromStr;

/// A word of a column that a check constraint guards.
fn word<T: FromStr<Err = String>>(text: &str) -> Result<T, sqlx::Error> {
    text.parse()
        .map_err(|says| sqlx::Error::Decode(format!("{text:?}: {says}").into()))
}

/// A value of a column that is one of another crate's types.
fn value<T>(parsed: Option<T>, column: &str) -> Result<T, sqlx::Error> {
    parsed.ok_or_else(|| sqlx::Error::Decode(format!("the column {column} holds an unknown word").into()))
}
