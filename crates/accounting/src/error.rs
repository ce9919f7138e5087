//! What can go wrong in the books.

use bus::{BusError, Refusal};
use ids::{DisputeId, JournalEntryId, SettlementDetailId, SettlementId, TransactionId};
use money::Currency;
use web::{Code, Problem};

use crate::domain::Month;

/// Why something was not booked, read or closed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The database failed.
    #[error("the database of the books failed")]
    Database(#[from] sqlx::Error),
    /// An entry could not be published.
    #[error("a journal entry can't be published")]
    Publishing(#[from] BusError),
    /// The two sides of an entry differ: a fault of a posting rule.
    #[error("the entry does not balance in {currency}: {debit_minor} debit, {credit_minor} credit")]
    Unbalanced {
        /// In which currency.
        currency: Currency,
        /// The debit side, minor units.
        debit_minor: i128,
        /// The credit side, minor units.
        credit_minor: i128,
    },
    /// A line does not fit 64 bits.
    #[error("{amount_minor} minor units of {currency} on {account} are more than a line holds")]
    AmountTooLarge {
        /// The account's code.
        account: &'static str,
        /// How much, minor units.
        amount_minor: i128,
        /// The currency.
        currency: Currency,
    },
    /// An entry has more lines than can be numbered.
    #[error("an entry has at most {max} lines, this one would have {0}", max = i16::MAX)]
    TooManyLines(usize),
    /// A priced line's net is not what its steps give, so that the books and the statement would differ.
    #[error("the steps of line {detail_id} give a net of {steps_minor}, but it says {net_minor}")]
    PriceDoesNotAddUp {
        /// The line.
        detail_id: SettlementDetailId,
        /// Its net, minor units.
        net_minor: i64,
        /// What its steps give, minor units.
        steps_minor: i128,
    },
    /// A statement does not add up.
    #[error("statement {settlement_id} does not add up: earned + carried in is not payable + carried out")]
    StatementDoesNotAddUp {
        /// The statement.
        settlement_id: SettlementId,
    },
    /// A refund's parts are not what it says.
    #[error("{refund_id} says that {said_minor} went back, and its parts say {parts_minor}")]
    RefundDoesNotAddUp {
        /// The refund.
        refund_id: TransactionId,
        /// What it says, minor units.
        said_minor: i128,
        /// What its parts give, minor units.
        parts_minor: i128,
    },
    /// A dispute's lines are more than it is about.
    #[error("{dispute_id} is about {amount_minor}, and its lines say {lines_minor}")]
    DisputeDoesNotAddUp {
        /// The dispute.
        dispute_id: DisputeId,
        /// What it is about, minor units.
        amount_minor: i64,
        /// What its lines give, minor units.
        lines_minor: i128,
    },
    /// A dispute was lost, and the money came back by that.
    #[error("{0} was lost, and says that the money came back")]
    LostAndReturned(DisputeId),
    /// There is no such entry.
    #[error("there is no journal entry {0}")]
    NoSuchEntry(JournalEntryId),
    /// A month that still runs can't be closed.
    #[error("{0} is not over yet; close it when its last day has ended")]
    PeriodNotOver(Month),
    /// Months are closed in order.
    #[error("{earlier} was posted to and is still open; close it before {period}")]
    EarlierPeriodOpen {
        /// The month to be closed.
        period: Month,
        /// The month that comes first.
        earlier: Month,
    },
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(source) => source.into(),
            Error::Publishing(source) => source.into(),
            other => Self::Never(other.to_string()),
        }
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match error {
            Error::NoSuchEntry(_) => Self::new(Code::NotFound, error.to_string()),
            Error::PeriodNotOver(_) | Error::EarlierPeriodOpen { .. } => {
                Self::new(Code::Conflict, error.to_string())
            }
            Error::Database(ref source) if postgres::is_transient(source) => {
                Self::new(Code::Unavailable, "the books do not answer").retry_after(1)
            }
            other => Self::internal(&other),
        }
    }
}
