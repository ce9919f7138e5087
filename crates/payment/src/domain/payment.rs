//! A payment with its tenders and lines.

use chrono::{DateTime, Utc};
use contracts::events::{
    Origin, PaidTender, PaymentCompleted, PaymentFailed, PaymentRefunded, RefundOutcome, RefundedTender,
};
use ids::{PaymentId, TransactionId};
use money::{Currency, Money};

use super::amounts::total;
use super::parts::{OwedLine, Part};
use super::status::PaymentStatus;
use super::tender::{Tender, TenderAmounts};
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
        /// Stripe.
        Stripe = "stripe",
        /// Nobody here: it was taken elsewhere and is recorded.
        External = "external",
    }
}

impl ConnectorName {
    /// Where money that this connector takes was taken.
    pub const fn origin(self) -> Origin {
        match self {
            Self::Simulator | Self::Stripe => Origin::Platform,
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

/// What the buyer has to do before a payment goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// The page of the connector that the buyer is sent to.
    pub url: String,
    /// Until when.
    pub until: DateTime<Utc>,
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
    /// Who takes the money: of a payment that is routed, who is asked now, or was asked last.
    pub connector: ConnectorName,
    /// Who may be asked, one after the other; empty where the caller named the connector.
    pub route: Vec<ConnectorName>,
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
    /// Where the buyer is sent after acting at the connector's page.
    pub return_url: Option<String>,
    /// What the buyer has to do now.
    pub action: Option<Action>,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// When it was made here.
    pub created_at: DateTime<Utc>,
    /// How it is paid.
    pub tenders: Vec<Tender>,
    /// What for.
    pub lines: Vec<OwedLine>,
}

impl Payment {
    /// The amounts of all tenders.
    pub fn amounts(&self) -> Vec<TenderAmounts> {
        self.tenders.iter().map(|tender| tender.amounts).collect()
    }

    /// The sum over its tenders. Orders were checked, so that sums fit 64 bits.
    pub fn sum(&self, of: impl Fn(TenderAmounts) -> i64) -> i64 {
        total(self.tenders.iter().map(|tender| of(tender.amounts))).unwrap_or(i64::MAX)
    }

    /// Who is asked next where `connector` refuses what begins the payment.
    pub fn next_connector(&self) -> Option<ConnectorName> {
        let mut rest = self.route.iter().skip_while(|one| **one != self.connector);
        rest.next()?;
        rest.next().copied()
    }

    /// The tender of that number.
    pub fn tender(&self, number: i32) -> Option<&Tender> {
        self.tenders.iter().find(|tender| tender.number == number)
    }

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
            lines: self.lines.iter().map(OwedLine::as_taken).collect(),
        }
    }

    /// The fact that `refund` of `tender` went back, or, reversed, came in again. `before` is what had gone back of
    /// each line until then, in their order.
    pub fn refunded(
        &self,
        refund: &Refund<'_>,
        before: &[i64],
        at: DateTime<Utc>,
    ) -> Option<PaymentRefunded> {
        let tender = self.tender(refund.tender_number)?;
        let mut lines = Vec::with_capacity(refund.parts.len());
        for part in refund.parts {
            let (line, before) = (self.lines.iter().zip(before))
                .find(|(line, _)| line.line.line_number == part.line_number)?;
            lines.push(match refund.outcome {
                RefundOutcome::Refunded => line.refunded(*before, part.amount_minor)?,
                // The same amounts as when they went back, and where it began this time.
                RefundOutcome::Reversed => {
                    let rest = before.checked_sub(part.amount_minor)?;
                    let mut told = line.refunded(rest, part.amount_minor)?;
                    told.refunded_before_minor = *before;
                    told
                }
            });
        }
        Some(PaymentRefunded {
            payment_id: self.id,
            transaction_id: refund.transaction_id,
            order_reference: self.order_reference.clone(),
            sold_at: self.sold_at,
            origin: self.connector.origin(),
            currency: self.currency,
            outcome: refund.outcome,
            tender: RefundedTender {
                tender_id: tender.id,
                kind: tender.kind,
                refunded_minor: refund.amount_minor,
            },
            lines,
            refunded_at: at,
        })
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

/// A refund that is told of.
#[derive(Debug, Clone, Copy)]
pub struct Refund<'a> {
    /// The operation.
    pub transaction_id: TransactionId,
    /// By which tender.
    pub tender_number: i32,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Of which lines.
    pub parts: &'a [Part],
    /// Back, or in again.
    pub outcome: RefundOutcome,
}
