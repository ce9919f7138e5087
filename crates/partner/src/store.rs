//! The tables, one file each. Only SQL: what may happen is decided in `domain`, and when in `ops`.
#![allow(
    clippy::as_conversions,
    reason = "in the query macros it names the type of an array of borrowed texts; nothing is converted"
)]

pub(crate) mod commissions;
pub(crate) mod contracts;
pub(crate) mod partners;
pub(crate) mod versions;

use crate::error::Error;

/// A word that the database holds, as what it stands for. Its check constraints let no other word in, so an unknown
/// one was written by a newer version.
fn known<T>(what: &str, word: &str, meaning: Option<T>) -> Result<T, Error> {
    meaning.ok_or_else(|| Error::form(what, format_args!("{word:?} is not known")))
}
