//! What the payment service tells.

use chrono::{DateTime, Utc};
use ids::{DisputeId, PartnerId, PaymentId, TenderId, TransactionId};
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

/// Whether money went back to the buyer, or what went back came in again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundOutcome {
    /// It went back.
    Refunded,
    /// The connector took it back, after it was told of as refunded: the refund counts no more.
    Reversed,
}

/// What went back by one tender.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundedTender {
    /// The tender.
    pub tender_id: TenderId,
    /// Decides which receivable the books use.
    pub kind: TenderKind,
    /// What went back, in minor units, 0 or more.
    pub refunded_minor: i64,
}

/// The part of one line that went back. All amounts are minor units, 0 or more, of that part alone;
/// refunded = gross - `partner_discount` - `platform_discount` + shipping.
///
/// Each is the cumulative share so far less the share before, so that refunds that add up to the whole line add up to
/// the whole of each of its amounts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundedLine {
    /// Its number within the payment.
    pub line_number: i32,
    /// Whose sale it is.
    pub partner_id: PartnerId,
    /// What the buyer gets back of it.
    pub refunded_minor: i64,
    /// G: the part of price x quantity.
    pub gross_minor: i64,
    /// The part of the tax-free amount.
    pub tax_free_minor: i64,
    /// Dp: the part of the discounts that the partner funds.
    pub partner_discount_minor: i64,
    /// Dm: the part of the discounts that the platform funds.
    pub platform_discount_minor: i64,
    /// The part of the shipping.
    pub shipping_minor: i64,
    /// What the buyer owed for the line as it was told of when the payment was completed.
    pub owed_minor: i64,
    /// What the buyer had got back of it before this; after this it is that and `refunded_minor`, or, where this is
    /// reversed, that less `refunded_minor`.
    pub refunded_before_minor: i64,
}

/// A refund succeeded, or one that had succeeded was reversed.
///
/// The lines add up to what the tender gave back. Of a payment from elsewhere they may add up to less: it had taken
/// more than its lines owed, and the rest of the refund is of that.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PaymentRefunded {
    /// The payment.
    pub payment_id: PaymentId,
    /// The refund: one operation on one tender. One that is reversed is told of twice.
    pub transaction_id: TransactionId,
    /// The caller's own name for the order.
    pub order_reference: String,
    /// When the sale happened; decides which contract priced it.
    pub sold_at: DateTime<Utc>,
    /// Where the money was taken.
    pub origin: Origin,
    /// Currency of every amount in here.
    pub currency: Currency,
    /// Back, or in again.
    pub outcome: RefundOutcome,
    /// By which tender.
    pub tender: RefundedTender,
    /// Of which lines.
    pub lines: Vec<RefundedLine>,
    /// When the connector did it.
    pub refunded_at: DateTime<Utc>,
}

impl Event for PaymentRefunded {
    const TOPIC: Topic = topics::PAYMENT_REFUNDED;
    fn aggregate(&self) -> String {
        self.payment_id.to_string()
    }
}

/// Where a dispute stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputeState {
    /// The buyer's bank asks; no money has moved.
    Warning,
    /// It asked, and went no further.
    WarningClosed,
    /// The bank took the money, and waits for evidence.
    NeedsResponse,
    /// Evidence was handed in.
    UnderReview,
    /// The money came back.
    Won,
    /// The money is gone.
    Lost,
}

/// What a change of a dispute did to money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DisputedFunds {
    /// Nothing moved by this change.
    Unmoved,
    /// The buyer's bank took the disputed amount.
    Withdrawn,
    /// It gave the disputed amount back.
    Returned,
}

/// The part of one line that is disputed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DisputedLine {
    /// Its number within the payment.
    pub line_number: i32,
    /// Whose sale it is.
    pub partner_id: PartnerId,
    /// Minor units, more than 0.
    pub disputed_minor: i64,
}

/// A buyer's bank opened a dispute, or went on with it. Those of one dispute have one amount.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DisputeChanged {
    /// The dispute.
    pub dispute_id: DisputeId,
    /// Which change of it: 1, 2, 3, ...
    pub version: i32,
    /// The payment.
    pub payment_id: PaymentId,
    /// The caller's own name for the order.
    pub order_reference: String,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// The tender that is disputed.
    pub tender_id: TenderId,
    /// Decides which receivable the books use.
    pub tender_kind: TenderKind,
    /// What is disputed.
    pub amount: Money,
    /// Why, in the connector's words.
    pub reason: String,
    /// Where it stands now.
    pub state: DisputeState,
    /// What that did to money.
    pub funds: DisputedFunds,
    /// What is disputed of which lines. They add up to less than the amount where more is disputed than they have left.
    pub lines: Vec<DisputedLine>,
    /// When it changed, as the connector says.
    pub changed_at: DateTime<Utc>,
}

impl Event for DisputeChanged {
    const TOPIC: Topic = topics::DISPUTE_CHANGED;
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
