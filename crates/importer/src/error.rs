//! Why an import did not come to its end.

use std::path::PathBuf;
use std::time::Duration;

use calendar::CalendarError;
use http::StatusCode;
use money::Currency;

/// Why an import did not come to its end, or not without refusals.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A file is not there or may not be read.
    #[error("{} cannot be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could be opened and not be read to its end.
    #[error("{} cannot be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the reader said.
        source: csv::Error,
    },
    /// The summary could not be written.
    #[error("the summary cannot be written: {0}")]
    Print(#[source] std::io::Error),
    /// A file of contract terms is none.
    #[error("{} holds no contract terms: {source}", path.display())]
    Terms {
        /// The file.
        path: PathBuf,
        /// What the parser said.
        source: serde_json::Error,
    },
    /// The terms price another currency than the orders have.
    #[error("the contract terms are in {terms}, the orders in {orders}: give terms in {orders}")]
    TermsCurrency {
        /// Of the terms.
        terms: Currency,
        /// Of the orders.
        orders: Currency,
    },
    /// The contract that the flags describe is none.
    #[error("the contract cannot be made of these flags: {0}")]
    Cycle(#[from] CalendarError),
    /// A row cannot be used, and rows that cannot be used are not to be skipped.
    #[error(
        "{count} rows cannot be used, so nothing was sent: mend them, or leave their orders out with --skip-bad-rows"
    )]
    BrokenRows {
        /// How many; they are in the summary.
        count: u64,
    },
    /// A header lacks a column.
    #[error("a file lacks a column, so nothing was sent: mend its header")]
    BrokenHeader,
    /// The address is not one of plain HTTP.
    #[error("`{given}` is no address of the API: give it as http://127.0.0.1:8080")]
    Address {
        /// What was given.
        given: String,
    },
    /// The API key holds characters that no key has.
    #[error("the API key is not one: copy it whole, without spaces")]
    ApiKey,
    /// The API did not answer for too long.
    #[error("{request}: no useful answer within {} seconds ({reason}): run the same import again", waited.as_secs())]
    GaveUp {
        /// The request.
        request: String,
        /// How long it was tried.
        waited: Duration,
        /// What the last attempt came to.
        reason: String,
    },
    /// The API refused a whole request.
    #[error("{request}: {status} {code}: {detail}")]
    Answered {
        /// The request.
        request: String,
        /// The status.
        status: StatusCode,
        /// The problem's code; empty where the answer has none.
        code: String,
        /// What it says.
        detail: String,
    },
    /// The API answered something else than was agreed.
    #[error("{request}: the answer has another form than expected: {reason}")]
    Malformed {
        /// The request.
        request: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A request could not be written.
    #[error("a request cannot be written: {0}")]
    Encode(#[source] serde_json::Error),
    /// An order, a partner or a contract was refused; the rest is in.
    #[error("{count} were refused: the reasons are in the summary")]
    Refused {
        /// How many.
        count: u64,
    },
    /// It was told to stop.
    #[error("stopped: run the same import again, what is there already is not made twice")]
    Stopped,
}
