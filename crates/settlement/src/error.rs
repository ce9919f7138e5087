//! What can go wrong in settlement.

use bus::{BusError, Refusal};
use calendar::CalendarError;
use chrono::{DateTime, NaiveDate, Utc};
use ids::{DisputeId, HoldId, PartnerId, PaymentId, SettlementId, TransactionId, WindowId};
use lease::LeaseError;
use web::{Code, Problem};

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(#[from] sqlx::Error),
    /// The event log failed.
    #[error(transparent)]
    Bus(#[from] BusError),
    /// Another copy of this service schedules now.
    #[error(transparent)]
    Lease(#[from] LeaseError),
    /// A stored contract, cycle or currency can't be read back.
    #[error("{what} is stored in a form that can't be read: {reason}")]
    Unreadable {
        /// What it is.
        what: String,
        /// What the parser said.
        reason: String,
    },
    /// A payment's amounts do not fit 64 bits.
    #[error("the discounts of a line of {0} do not fit 64 bits of minor units")]
    DiscountsOverflow(PaymentId),
    /// A refund contradicts itself.
    #[error("{refund_id} of {payment_id} can't be right: {reason}")]
    RefundUnfit {
        /// The payment.
        payment_id: PaymentId,
        /// The refund.
        refund_id: TransactionId,
        /// What can't be right.
        reason: String,
    },
    /// A change of a dispute contradicts itself.
    #[error("{dispute_id} of {payment_id} can't be right: {reason}")]
    DisputeUnfit {
        /// The payment.
        payment_id: PaymentId,
        /// The dispute.
        dispute_id: DisputeId,
        /// What can't be right.
        reason: String,
    },
    /// No contract covers the last day of a window.
    #[error("no contract of {partner_id} is in force on {ends_on}, the last day of {window_id}")]
    NoContract {
        /// Whose window it is.
        partner_id: PartnerId,
        /// The window.
        window_id: WindowId,
        /// Its last day.
        ends_on: NaiveDate,
    },
    /// The due date of a window can't be computed.
    #[error("{window_id} of {partner_id} has no due date: {source}")]
    NoDueDate {
        /// Whose window it is.
        partner_id: PartnerId,
        /// The window.
        window_id: WindowId,
        /// What the calendar said.
        source: CalendarError,
    },
    /// A statement does not fit 64 bits.
    #[error("the statement of {0} does not fit 64 bits of minor units")]
    StatementOverflow(WindowId),
    /// Nothing may be settled while a hold lasts.
    #[error(
        "{hold_id} holds settlement back until {expires_at}: {reason}; release it with DELETE \
         /v1/settlement-holds/{hold_id}, or wait"
    )]
    Held {
        /// The hold.
        hold_id: HoldId,
        /// Why it was taken.
        reason: String,
        /// When it ends, unless it is renewed.
        expires_at: DateTime<Utc>,
    },
    /// A hold that has ended can't be renewed: what it held back may have happened.
    #[error("{0} has ended; take a new hold and look at what was settled meanwhile")]
    HoldEnded(HoldId),
    /// There is no such hold.
    #[error("there is no hold {0}")]
    NoSuchHold(HoldId),
    /// There is no such settlement.
    #[error("there is no settlement {0}")]
    NoSuchSettlement(SettlementId),
}

impl From<Error> for Problem {
    fn from(error: Error) -> Self {
        match &error {
            Error::Held { .. } | Error::HoldEnded(_) => Self::new(Code::Conflict, error.to_string()),
            Error::NoSuchHold(id) => Self::not_found(format!("hold {id}")),
            Error::NoSuchSettlement(id) => Self::not_found(format!("settlement {id}")),
            Error::Database(source) | Error::Bus(BusError::Database(source))
                if postgres::is_transient(source) =>
            {
                Self::new(Code::Unavailable, "the database does not answer").retry_after(1)
            }
            Error::Bus(BusError::Unreachable { .. }) => {
                Self::new(Code::Unavailable, error.to_string()).retry_after(1)
            }
            _ => Self::internal(&error),
        }
    }
}

impl From<Error> for Refusal {
    fn from(error: Error) -> Self {
        match error {
            Error::Database(source) => source.into(),
            Error::Bus(source) => source.into(),
            lasting => Self::Never(lasting.to_string()),
        }
    }
}
