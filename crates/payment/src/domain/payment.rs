//! A payment with its tenders and lines.

use chrono::{DateTime, Utc};
use contracts::events::{Origin, PaidLine, PaidTender, PaymentCompleted, PaymentFailed, TenderKind};
use ids::{PaymentId, TenderId};
use money::{Currency, Money};

use super::operation::Operation;
use super::status::PaymentStatus;
use super::words::words;

words! {
    /// Whether what is authorized is also taken at once.
    Capture {
        /// At once.
        Automatic = "automatic",
        /// When the caller asks for it.
        Manual = "manual",
    }
}

words! {
    /// Who takes the money.
    ConnectorName {
        /// The simulated card network, for tests.
        Simulator = "simulator",
        /// Nobody here: it was taken elsewhere and is recorded.
        External = "external",
    }
}

impl ConnectorName {
    /// Where money that this connector takes was taken.
    pub const fn origin(self) -> Origin {
        match self {
            Self::Simulator => Origin::Platform,
            Self::External => Origin::External,
        }
    }
}

/// Why an operation was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// For programs, for example `card_declined`.
    pub code: String,
    /// For people.
    pub detail: String,
}

/// The amounts of a tender in minor units, all 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "units stand last in a name")]
pub struct TenderAmounts {
    /// What is to be paid by it.
    pub amount_minor: i64,
    /// What was held.
    pub authorized_minor: i64,
    /// What was taken of it.
    pub captured_minor: i64,
    /// What was let go of it.
    pub voided_minor: i64,
    /// What was given back.
    pub refunded_minor: i64,
}

impl TenderAmounts {
    /// The amounts after `operation` succeeded for `minor`. None where that breaks captured + voided <= authorized
    /// or refunded <= captured.
    #[must_use]
    pub fn after(self, operation: Operation, minor: i64) -> Option<Self> {
        let mut next = self;
        match operation {
            Operation::Authorize => next.authorized_minor = self.authorized_minor.checked_add(minor)?,
            Operation::Sale => {
                next.authorized_minor = self.authorized_minor.checked_add(minor)?;
                next.captured_minor = self.captured_minor.checked_add(minor)?;
            }
            Operation::Capture => next.captured_minor = self.captured_minor.checked_add(minor)?,
            Operation::Void => next.voided_minor = self.voided_minor.checked_add(minor)?,
            Operation::Refund => next.refunded_minor = self.refunded_minor.checked_add(minor)?,
        }
        let used = next.captured_minor.checked_add(next.voided_minor)?;
        (used <= next.authorized_minor && next.refunded_minor <= next.captured_minor && minor >= 0)
            .then_some(next)
    }
}

/// One means by which a payment is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tender {
    /// Its name.
    pub id: TenderId,
    /// 1, 2, 3, ... within the payment.
    pub number: i32,
    /// Card, transfer, ...
    pub kind: TenderKind,
    /// How much, and what became of it.
    pub amounts: TenderAmounts,
    /// The connector's token; none where no connector is called.
    pub token: Option<String>,
}

/// A payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payment {
    /// Its name.
    pub id: PaymentId,
    /// Who made it.
    pub caller: String,
    /// The caller's own name for it.
    pub order_reference: String,
    /// Of every amount in here.
    pub currency: Currency,
    /// Who takes the money.
    pub connector: ConnectorName,
    /// Whether it is captured at once.
    pub capture: Capture,
    /// Derived from tenders and operations; see [`super::status::derive`].
    pub status: PaymentStatus,
    /// What its lines add up to.
    pub owed_minor: i64,
    /// What its tenders add up to.
    pub amount_minor: i64,
    /// What was taken.
    pub captured_minor: i64,
    /// Why the last operation was refused, if it was.
    pub failure: Option<Failure>,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// When it was made here.
    pub created_at: DateTime<Utc>,
    /// How it is paid.
    pub tenders: Vec<Tender>,
    /// What for.
    pub lines: Vec<PaidLine>,
}

impl Payment {
    /// The fact that it was captured.
    pub fn completed(&self) -> PaymentCompleted {
        PaymentCompleted {
            payment_id: self.id,
            order_reference: self.order_reference.clone(),
            sold_at: self.sold_at,
            origin: self.connector.origin(),
            currency: self.currency,
            tenders: self
                .tenders
                .iter()
                .map(|tender| PaidTender {
                    tender_id: tender.id,
                    kind: tender.kind,
                    captured_minor: tender.amounts.captured_minor,
                })
                .collect(),
            lines: self.lines.clone(),
        }
    }

    /// The fact that it failed for good, at `failed_at`.
    pub fn failed(&self, failed_at: DateTime<Utc>) -> PaymentFailed {
        PaymentFailed {
            payment_id: self.id,
            order_reference: self.order_reference.clone(),
            amount: Money::new(self.amount_minor, self.currency),
            reason: self
                .failure
                .as_ref()
                .map_or_else(|| "connector_failed".to_owned(), |f| f.code.clone()),
            failed_at,
        }
    }
}
