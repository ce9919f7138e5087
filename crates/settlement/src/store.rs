//! The only SQL of the service, one file a table.
#![allow(
    clippy::as_conversions,
    reason = "sqlx's way to name the type of a parameter; nothing is converted"
)]

pub mod balances;
pub mod contracts;
pub mod details;
pub mod disputed_lines;
pub mod holds;
mod ids_shown;
pub mod partners;
pub mod pricing_requests;
pub mod reversals;
pub mod schedules;
pub mod settlements;
pub mod status;
pub mod waiting;
pub mod waiting_disputed_lines;
pub mod waiting_reversals;
pub mod windows;

use ::contracts::events::RefundOutcome;
use ids::PartnerId;
use money::Currency;
use uuid::Uuid;

use crate::Error;
use crate::domain::contract::Account;
use crate::domain::line::LineKey;

/// The columns of many accounts, for `unnest`.
fn columns<'a>(accounts: impl IntoIterator<Item = &'a Account>) -> (Vec<Uuid>, Vec<&'static str>) {
    accounts
        .into_iter()
        .map(|account| (account.partner_id.as_uuid(), account.currency.as_str()))
        .unzip()
}

fn account(partner_id: Uuid, currency: &str) -> Result<Account, Error> {
    Ok(Account {
        partner_id: PartnerId::from_uuid(partner_id),
        currency: currency_of(currency)?,
    })
}

fn currency_of(text: &str) -> Result<Currency, Error> {
    Currency::parse(text).map_err(|e| unreadable("a currency", &e))
}

/// The word of an outcome in the database.
fn outcome_word(outcome: RefundOutcome) -> &'static str {
    match outcome {
        RefundOutcome::Refunded => "refunded",
        RefundOutcome::Reversed => "reversed",
    }
}

/// The columns of many lines, for `unnest`.
fn key_columns(lines: impl IntoIterator<Item = LineKey>) -> (Vec<Uuid>, Vec<i32>) {
    lines
        .into_iter()
        .map(|(payment_id, number)| (payment_id.as_uuid(), number))
        .unzip()
}

fn unreadable(what: &str, reason: &dyn std::error::Error) -> Error {
    Error::Unreadable {
        what: what.to_owned(),
        reason: reason.to_string(),
    }
}
