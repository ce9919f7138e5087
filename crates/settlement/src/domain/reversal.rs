//! What a refund takes back of a line.

use chrono::{DateTime, NaiveDate, Utc};
use contracts::contract_terms::Bearer;
use contracts::events::{PaymentRefunded, RefundOutcome, RefundedLine};
use ids::{ContractId, PaymentId, SettlementDetailId, TransactionId};
use money::{MoneyError, Rate};

use super::contract::{Account, Versions};
use super::line::{LineKey, SaleLine};
use super::pricing::Price;
use super::takes_back::{TakesBack, place_beside};
use super::window::Placement;

/// What was frozen of a line when it was priced, as far as its reversals follow from it. Amounts in minor units.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Original {
    /// The line.
    pub id: SettlementDetailId,
    /// Whose sale, in which currency.
    pub account: Account,
    /// Its category.
    pub category: String,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// The day of the sale in the contract's time zone.
    pub sold_on: NaiveDate,
    /// The contract that priced it.
    pub contract_id: ContractId,
    /// That contract's version.
    pub contract_version: i32,
    /// What the buyer owed: G - Dp - Dm + shipping.
    pub owed_minor: i64,
    /// B.
    pub fee_base_minor: i64,
    /// The rate.
    pub fee_rate: Rate,
    /// The three parts of F: the share,
    pub share_fee_minor: i64,
    /// the flat fee,
    pub flat_fee_minor: i64,
    /// and the share of shipping.
    pub shipping_fee_minor: i64,
    /// The VAT on F.
    pub fee_vat_minor: i64,
    /// Who bears it.
    pub fee_vat_borne_by: Bearer,
}

impl Original {
    /// The line that was placed and priced like that. None where what was owed does not fit 64 bits.
    pub fn of(line: &SaleLine, placement: &Placement<'_>, price: &Price) -> Option<Self> {
        Some(Self {
            id: line.id,
            account: line.account,
            category: line.category.clone(),
            sold_at: line.sold_at,
            sold_on: placement.sold_on,
            contract_id: placement.version.contract_id,
            contract_version: placement.version.version,
            owed_minor: narrow(paid(
                price.gross_minor,
                line.partner_discount_minor,
                line.platform_discount_minor,
                line.shipping_minor,
            ))
            .ok()?,
            fee_base_minor: price.fee_base_minor,
            fee_rate: price.fee_rate,
            share_fee_minor: price.share_fee_minor,
            flat_fee_minor: price.flat_fee_minor,
            shipping_fee_minor: price.shipping_fee_minor,
            fee_vat_minor: price.fee_vat_minor,
            fee_vat_borne_by: price.fee_vat_borne_by,
        })
    }
}

/// The part of a line that one refund is about. Amounts in minor units, 0 or more: `outcome` says which way they go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reversal {
    /// The id of the line that it becomes, given out when the refund comes in.
    pub id: SettlementDetailId,
    /// The payment.
    pub payment_id: PaymentId,
    /// The number of the line within the payment.
    pub line_number: i32,
    /// Whose sale, in which currency.
    pub account: Account,
    /// The refund.
    pub refund_id: TransactionId,
    /// Whether money went back, or came in again.
    pub outcome: RefundOutcome,
    /// When the sale happened.
    pub sold_at: DateTime<Utc>,
    /// When it went back or came in again; decides the window.
    pub refunded_at: DateTime<Utc>,
    /// G.
    pub gross_minor: i64,
    /// The part of G that is free of VAT.
    pub tax_free_minor: i64,
    /// Dp.
    pub partner_discount_minor: i64,
    /// Dm.
    pub platform_discount_minor: i64,
    /// Shipping.
    pub shipping_minor: i64,
    /// What the buyer owed for the whole line.
    pub owed_minor: i64,
    /// What the buyer had got back of it before.
    pub refunded_before_minor: i64,
}

/// A reversal with its price and the window that counts it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reversed<'a> {
    /// What was told of it.
    pub reversal: &'a Reversal,
    /// The line of which it takes back.
    pub reverses: SettlementDetailId,
    /// As it is written down: quantity -1, at the part of the price; all amounts turned.
    pub line: SaleLine,
    /// Where it goes; by the version that priced the original.
    pub placement: Placement<'a>,
    /// What it takes back, step by step.
    pub price: Price,
    /// The day of the refund in the time zone of the version in force on it.
    pub refunded_on: NaiveDate,
}

impl Reversal {
    /// The parts that a refund is about, each under a fresh id. The error says which line can't be right.
    pub fn of(refund: &PaymentRefunded) -> Result<Vec<Self>, String> {
        refund.lines.iter().map(|line| Self::one(refund, line)).collect()
    }

    fn one(refund: &PaymentRefunded, line: &RefundedLine) -> Result<Self, String> {
        let reversal = Self {
            id: SettlementDetailId::generate(),
            payment_id: refund.payment_id,
            line_number: line.line_number,
            account: Account {
                partner_id: line.partner_id,
                currency: refund.currency,
            },
            refund_id: refund.transaction_id,
            outcome: refund.outcome,
            sold_at: refund.sold_at,
            refunded_at: refund.refunded_at,
            gross_minor: line.gross_minor,
            tax_free_minor: line.tax_free_minor,
            partner_discount_minor: line.partner_discount_minor,
            platform_discount_minor: line.platform_discount_minor,
            shipping_minor: line.shipping_minor,
            owed_minor: line.owed_minor,
            refunded_before_minor: line.refunded_before_minor,
        };
        let amounts = [
            line.gross_minor,
            line.tax_free_minor,
            line.partner_discount_minor,
            line.platform_discount_minor,
            line.shipping_minor,
        ];
        let after = reversal.refunded_after();
        if amounts.iter().any(|amount| *amount < 0) {
            Err(format!("line {} has an amount below 0", line.line_number))
        } else if reversal.refunded() != i128::from(line.refunded_minor) {
            Err(format!(
                "the parts of line {} add up to {}, not to the {} that were refunded",
                line.line_number,
                reversal.refunded(),
                line.refunded_minor
            ))
        } else if after < 0 || after > i128::from(line.owed_minor) || line.refunded_before_minor < 0 {
            Err(format!(
                "of line {} {after} would be refunded, of {} that were owed",
                line.line_number, line.owed_minor
            ))
        } else {
            Ok(reversal)
        }
    }

    /// What the buyer got back, or gave again.
    fn refunded(&self) -> i128 {
        paid(
            self.gross_minor,
            self.partner_discount_minor,
            self.platform_discount_minor,
            self.shipping_minor,
        )
    }

    /// What the buyer has got back of the line after it.
    fn refunded_after(&self) -> i128 {
        let before = i128::from(self.refunded_before_minor);
        match self.outcome {
            RefundOutcome::Refunded => before + self.refunded(),
            RefundOutcome::Reversed => before - self.refunded(),
        }
    }

    /// What it is of an amount that was told with it: taken back, or given again.
    fn turned(&self, minor: i64) -> Result<i64, MoneyError> {
        match self.outcome {
            RefundOutcome::Refunded => minor.checked_neg().ok_or(MoneyError::Overflow),
            RefundOutcome::Reversed => Ok(minor),
        }
    }

    /// What it is of an amount of the original: the share that is taken back after it is what was refunded by then of
    /// what was owed, cut to the minor unit; less the share that was taken back before. So refunds that add up to the
    /// whole take the whole back. Of a line for which nothing was owed, nothing is.
    fn share(&self, original_minor: i64) -> Result<i64, MoneyError> {
        let taken_back = |refunded: i128| {
            let product = i128::from(original_minor)
                .checked_mul(refunded)
                .ok_or(MoneyError::Overflow)?;
            Ok::<_, MoneyError>(product.checked_div(self.owed_minor.into()).unwrap_or(0))
        };
        let before = taken_back(self.refunded_before_minor.into())?;
        narrow(before - taken_back(self.refunded_after())?)
    }

    /// The line that it becomes.
    fn line(&self, original: &Original) -> Result<SaleLine, MoneyError> {
        Ok(SaleLine {
            id: self.id,
            payment_id: self.payment_id,
            line_number: self.line_number,
            account: original.account,
            sold_at: original.sold_at,
            category: original.category.clone(),
            // Times -1 this is G.
            unit_price_minor: match self.outcome {
                RefundOutcome::Refunded => self.gross_minor,
                RefundOutcome::Reversed => self.gross_minor.checked_neg().ok_or(MoneyError::Overflow)?,
            },
            quantity: -1,
            tax_free_minor: self.turned(self.tax_free_minor)?,
            partner_discount_minor: self.turned(self.partner_discount_minor)?,
            platform_discount_minor: self.turned(self.platform_discount_minor)?,
            shipping_minor: self.turned(self.shipping_minor)?,
        })
    }

    /// What the line takes back: G, discounts and shipping as they were told, the fee and its VAT by their shares.
    pub fn price(&self, original: &Original) -> Result<Price, MoneyError> {
        let gross_minor = self.turned(self.gross_minor)?;
        let share_fee_minor = self.share(original.share_fee_minor)?;
        let flat_fee_minor = self.share(original.flat_fee_minor)?;
        let shipping_fee_minor = self.share(original.shipping_fee_minor)?;
        let fee_vat_minor = self.share(original.fee_vat_minor)?;
        let fee = i128::from(share_fee_minor) + i128::from(flat_fee_minor) + i128::from(shipping_fee_minor);
        let on_top = match original.fee_vat_borne_by {
            Bearer::Partner => fee_vat_minor,
            Bearer::Platform => 0,
        };
        let net = i128::from(gross_minor)
            - i128::from(self.turned(self.partner_discount_minor)?)
            - fee
            - i128::from(on_top)
            + i128::from(self.turned(self.shipping_minor)?);
        Ok(Price {
            gross_minor,
            fee_base_minor: self.share(original.fee_base_minor)?,
            fee_rate: original.fee_rate,
            share_fee_minor,
            flat_fee_minor,
            shipping_fee_minor,
            fee_minor: narrow(fee)?,
            fee_vat_minor,
            fee_vat_borne_by: original.fee_vat_borne_by,
            net_minor: narrow(net)?,
        })
    }
}

impl TakesBack for Reversal {
    type Priced<'a> = Reversed<'a>;

    fn key(&self) -> LineKey {
        (self.payment_id, self.line_number)
    }

    fn account(&self) -> Account {
        self.account
    }

    fn priced<'a>(
        &'a self,
        original: &Original,
        versions: &'a Versions,
        closed_through: Option<NaiveDate>,
    ) -> Result<Reversed<'a>, String> {
        if self.account != original.account || self.owed_minor != original.owed_minor {
            return Err(format!(
                "{} was sold by {} for {} {}, and is refunded as if it was sold by {} for {} {}",
                original.id,
                original.account.partner_id,
                original.owed_minor,
                original.account.currency,
                self.account.partner_id,
                self.owed_minor,
                self.account.currency
            ));
        }
        let (placement, refunded_on) = place_beside(original, versions, self.refunded_at, closed_through)?;
        let line = self.line(original).map_err(|e| e.to_string())?;
        let price = self.price(original).map_err(|e| e.to_string())?;
        Ok(Reversed {
            reversal: self,
            reverses: original.id,
            line,
            placement,
            price,
            refunded_on,
        })
    }
}

/// G - Dp - Dm + shipping.
fn paid(gross: i64, by_partner: i64, by_platform: i64, shipping: i64) -> i128 {
    i128::from(gross) - i128::from(by_partner) - i128::from(by_platform) + i128::from(shipping)
}

fn narrow(minor: i128) -> Result<i64, MoneyError> {
    i64::try_from(minor).map_err(|_| MoneyError::Overflow)
}

#[cfg(test)]
#[path = "reversal_tests.rs"]
mod tests;
