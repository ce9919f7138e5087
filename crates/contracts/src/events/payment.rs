//! What the payment service tells.

use chrono::{DateTime, Utc};
use ids::{PartnerId, PaymentId, TenderId};
use money::{Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Event;
use crate::contract_terms::Bearer;
use crate::topics::{self, Topic};

/// Where the money was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// By this platform, through a connector: the amount equals the lines.
    Platform,
    /// Elsewhere, and recorded here: the amount may differ from the lines, and the difference is a break.
    External,
}

/// A means of paying.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TenderKind {
    /// Credit or debit card, through a payment service provider.
    Card,
    /// Bank transfer or bank slip.
    BankTransfer,
    /// A voucher that the platform issued.
    Voucher,
    /// Loyalty points of the platform.
    Points,
    /// Cash.
    Cash,
}

impl TenderKind {
    /// The word that stands for it in the database and on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::BankTransfer => "bank_transfer",
            Self::Voucher => "voucher",
            Self::Points => "points",
            Self::Cash => "cash",
        }
    }
}

/// A discount on a line, and who funds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Discount {
    /// Minor units of the payment's currency, more than 0.
    #[schema(minimum = 1)]
    pub amount_minor: i64,
    /// Who funds it.
    pub funded_by: Bearer,
}

/// What the buyer owes for one thing of one partner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaidLine {
    /// 1, 2, 3, ... within the payment.
    pub line_number: i32,
    /// Whose sale it is.
    pub partner_id: PartnerId,
    /// Decides the rate; empty where the caller gave none.
    pub category: String,
    /// The price of one, VAT included, in minor units.
    pub unit_price_minor: i64,
    /// How many, 1 or more.
    pub quantity: i32,
    /// Shipping that the buyer pays for this line, in minor units.
    pub shipping_minor: i64,
    /// The part of price x quantity that is free of VAT, in minor units.
    #[serde(default)]
    pub tax_free_minor: i64,
    /// Discounts on this line.
    pub discounts: Vec<Discount>,
}

/// What was captured of one tender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaidTender {
    /// The tender.
    pub tender_id: TenderId,
    /// Decides which receivable the books use.
    pub kind: TenderKind,
    /// Captured, in minor units.
    pub captured_minor: i64,
}

/// A payment was asked for and is still to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentRequested {
    /// The payment.
    pub payment_id: PaymentId,
}

impl Event for PaymentRequested {
    const TOPIC: Topic = topics::PAYMENT_REQUESTED;
    fn aggregate(&self) -> String {
        self.payment_id.to_string()
    }
}

/// A payment was captured, or recorded from elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentCompleted {
    /// The payment.
    pub payment_id: PaymentId,
    /// The caller's own name for the order.
    pub order_reference: String,
    /// When the sale happened; decides the contract's version and the settlement window.
    pub sold_at: DateTime<Utc>,
    /// Where the money was taken.
    pub origin: Origin,
    /// Currency of every amount in here.
    pub currency: Currency,
    /// What was captured, by tender.
    pub tenders: Vec<PaidTender>,
    /// What the buyer owed.
    pub lines: Vec<PaidLine>,
}

impl Event for PaymentCompleted {
    const TOPIC: Topic = topics::PAYMENT_COMPLETED;
    fn aggregate(&self) -> String {
        self.payment_id.to_string()
    }
}

/// A payment failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentFailed {
    /// The payment.
    pub payment_id: PaymentId,
    /// The caller's own name for the order.
    pub order_reference: String,
    /// What was to be paid.
    pub amount: Money,
    /// A code of the platform's: `card_declined`, `connector_failed`, ...
    pub reason: String,
    /// When it failed.
    pub failed_at: DateTime<Utc>,
}

impl Event for PaymentFailed {
    const TOPIC: Topic = topics::PAYMENT_FAILED;
    fn aggregate(&self) -> String {
        self.payment_id.to_string()
    }
}
