//! The tables, one file each. Only SQL.
//!
//! Sums are `numeric` in the database and 128 bits here; in between they are text, digit for digit.
#![allow(
    clippy::as_conversions,
    reason = "in the query macros it names the type of an array of borrowed texts; nothing is converted"
)]

pub(crate) mod daily_totals;
pub(crate) mod partner_totals;
pub(crate) mod seen_entries;

use money::Currency;

use crate::domain::Sums;
use crate::error::Error;

fn sums(debit: &str, credit: &str, entries: i64) -> Result<Sums, Error> {
    let number = |text: &str| {
        text.parse()
            .map_err(|_| Error::NoSum(text.to_owned(), "minor units".to_owned()))
    };
    Ok(Sums {
        debit: number(debit)?,
        credit: number(credit)?,
        entries,
    })
}

fn currency(code: &str) -> Result<Currency, Error> {
    Currency::parse(code).map_err(|error| Error::NoSum(code.to_owned(), error.to_string()))
}
