//! A line of a payment that is to be priced.

use chrono::{DateTime, Utc};
use contracts::contract_terms::Bearer;
use contracts::events::{PaidLine, PaymentCompleted};
use ids::{PaymentId, SettlementDetailId};

use super::contract::Account;

/// A line by its payment and its number.
pub type LineKey = (PaymentId, i32);

/// What was sold to whom for how much. What a refund or a dispute takes back is written as a line of
/// quantity -1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SaleLine {
    /// The id of the priced line, given out when the line comes in.
    pub id: SettlementDetailId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Its number within the payment.
    pub line_number: i32,
    /// Whose sale, in which currency.
    pub account: Account,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// Decides the rate.
    pub category: String,
    /// The price of one, VAT included, in minor units.
    pub unit_price_minor: i64,
    /// How many.
    pub quantity: i32,
    /// The part of price x quantity that is free of VAT, in minor units.
    pub tax_free_minor: i64,
    /// Dp: discounts that the partner funds, in minor units.
    pub partner_discount_minor: i64,
    /// Dm: discounts that the platform funds, in minor units.
    pub platform_discount_minor: i64,
    /// Shipping that the buyer pays, in minor units.
    pub shipping_minor: i64,
}

impl SaleLine {
    /// What tells it from others.
    pub fn key(&self) -> LineKey {
        (self.payment_id, self.line_number)
    }

    /// The lines of a completed payment, each under a fresh id. None where discounts do not fit 64 bits.
    pub fn of(payment: &PaymentCompleted) -> Option<Vec<Self>> {
        payment
            .lines
            .iter()
            .map(|line| Self::one(payment, line))
            .collect()
    }

    fn one(payment: &PaymentCompleted, line: &PaidLine) -> Option<Self> {
        let funded_by = |bearer: Bearer| {
            line.discounts
                .iter()
                .filter(|d| d.funded_by == bearer)
                .try_fold(0_i64, |sum, d| sum.checked_add(d.amount_minor))
        };
        Some(Self {
            id: SettlementDetailId::generate(),
            payment_id: payment.payment_id,
            line_number: line.line_number,
            account: Account {
                partner_id: line.partner_id,
                currency: payment.currency,
            },
            sold_at: payment.sold_at,
            category: line.category.clone(),
            unit_price_minor: line.unit_price_minor,
            quantity: line.quantity,
            tax_free_minor: line.tax_free_minor,
            partner_discount_minor: funded_by(Bearer::Partner)?,
            platform_discount_minor: funded_by(Bearer::Platform)?,
            shipping_minor: line.shipping_minor,
        })
    }
}
