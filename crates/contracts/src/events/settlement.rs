//! What the settlement service tells.

use chrono::{DateTime, NaiveDate, Utc};
use ids::{ContractId, PartnerId, PaymentId, SettlementDetailId, SettlementId, WindowId};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Event;
use crate::contract_terms::Bearer;
use crate::topics::{self, Topic};

/// One priced line, with every step of its price. All amounts in minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PricedLine {
    /// The line.
    pub detail_id: SettlementDetailId,
    /// Its number within the payment.
    pub line_number: i32,
    /// Whose sale it is.
    pub partner_id: PartnerId,
    /// Currency of every amount.
    pub currency: Currency,
    /// G: price x quantity.
    pub gross_minor: i64,
    /// Dp: discounts that the partner funds.
    pub partner_discount_minor: i64,
    /// Dm: discounts that the platform funds.
    pub platform_discount_minor: i64,
    /// F: the fee. Where the platform bears the VAT, the VAT is inside it.
    pub fee_minor: i64,
    /// The VAT on the fee.
    pub fee_vat_minor: i64,
    /// Who bears that VAT.
    pub fee_vat_borne_by: Bearer,
    /// Shipping passed to the partner.
    pub shipping_minor: i64,
    /// G - Dp - F - VAT on top + shipping.
    pub net_minor: i64,
    /// The contract that priced it.
    pub contract_id: ContractId,
    /// That contract's version.
    pub contract_version: i32,
    /// The window whose statement will count it.
    pub window_id: WindowId,
}

/// Lines of one payment were priced. A payment whose lines waited for a contract has several of these.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettlementLinesPriced {
    /// The payment.
    pub payment_id: PaymentId,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// The lines priced now.
    pub lines: Vec<PricedLine>,
}

impl Event for SettlementLinesPriced {
    const TOPIC: Topic = topics::SETTLEMENT_LINES_PRICED;
    fn aggregate(&self) -> String {
        self.payment_id.to_string()
    }
}

/// A window is to be settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettlementRequested {
    /// The window; its first settlement is its only one.
    pub window_id: WindowId,
    /// Who asked: `scheduler`, or a caller's id.
    pub requested_by: String,
}

impl Event for SettlementRequested {
    const TOPIC: Topic = topics::SETTLEMENT_REQUESTED;
    fn aggregate(&self) -> String {
        self.window_id.to_string()
    }
}

/// A window of a partner was settled: its statement. All amounts in minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SettlementCompleted {
    /// The settlement.
    pub settlement_id: SettlementId,
    /// The window that it closed.
    pub window_id: WindowId,
    /// Whose it is.
    pub partner_id: PartnerId,
    /// Currency of every amount.
    pub currency: Currency,
    /// First business day of the window.
    pub starts_on: NaiveDate,
    /// Last business day of the window.
    pub ends_on: NaiveDate,
    /// When it is to be paid.
    pub due_on: NaiveDate,
    /// How many lines it counts.
    pub line_count: i64,
    /// The sum of its lines' net.
    pub earned_minor: i64,
    /// What earlier windows left over: negative balances, and amounts below the minimum.
    pub carried_in_minor: i64,
    /// What is to be paid out; 0 where it carries forward.
    pub payable_minor: i64,
    /// What is left for the next window; `earned + carried_in = payable + carried_out`.
    pub carried_out_minor: i64,
    /// When the window was closed.
    pub settled_at: DateTime<Utc>,
}

impl Event for SettlementCompleted {
    const TOPIC: Topic = topics::SETTLEMENT_COMPLETED;
    fn aggregate(&self) -> String {
        self.settlement_id.to_string()
    }
}
