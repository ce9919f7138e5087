//! What a line earns its partner: gross, discounts, fee, VAT, shipping, net.

use contracts::contract_terms::{Bearer, ContractTerms, FeeBase, ShippingRule};
use money::{Currency, Money, MoneyError, Rate};

use super::line::SaleLine;

/// A price with every step that led to it, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Price {
    /// G: price x quantity.
    pub gross_minor: i64,
    /// B: what the rate is applied to.
    pub fee_base_minor: i64,
    /// The rate of the line's category.
    pub fee_rate: Rate,
    /// Rate x B, within its minimum and maximum.
    pub share_fee_minor: i64,
    /// The fixed fee beside it.
    pub flat_fee_minor: i64,
    /// The share of shipping, where the contract takes one.
    pub shipping_fee_minor: i64,
    /// F: the three together. Where the platform bears the VAT, the VAT is inside it.
    pub fee_minor: i64,
    /// The VAT on F.
    pub fee_vat_minor: i64,
    /// Who bears it.
    pub fee_vat_borne_by: Bearer,
    /// G - Dp - F - VAT on top + shipping.
    pub net_minor: i64,
}

/// Prices a line by `terms`. A base below zero (discounts above the price) earns no share. Fails only where an amount
/// does not fit 64 bits.
///
/// What is refunded of it is not priced anew: it takes back shares of what this gave (`reversal.rs`).
pub fn price(terms: &ContractTerms, line: &SaleLine) -> Result<Price, MoneyError> {
    let currency = line.account.currency;
    let money = |minor| Money::new(minor, currency);
    let gross = gross(line, currency)?;
    let partner_discount = money(line.partner_discount_minor);
    let shipping = money(line.shipping_minor);

    let base = match terms.fee_base {
        FeeBase::Gross => gross,
        FeeBase::LessPartnerDiscounts => gross.checked_sub(partner_discount)?,
        FeeBase::LessAllDiscounts => gross
            .checked_sub(partner_discount)?
            .checked_sub(money(line.platform_discount_minor))?,
    };
    let base = money(base.amount_minor().max(0));
    let rate = terms.rate_of(&line.category);
    let share = rate.of(base, terms.rounding)?.amount_minor();
    let share = share.max(terms.fee_minimum_minor.unwrap_or(i64::MIN));
    let share = share.min(terms.fee_maximum_minor.unwrap_or(i64::MAX));
    let shipping_fee = match terms.shipping {
        ShippingRule::PassThrough => Money::zero(currency),
        ShippingRule::WithFee { rate_ppm } => rate_ppm.of(shipping, terms.rounding)?,
    };
    let fee = money(share)
        .checked_add(money(terms.flat_fee_minor))?
        .checked_add(shipping_fee)?;

    let vat_rate = terms.fee_vat.rate_ppm;
    let (vat, on_top) = match terms.fee_vat.borne_by {
        Bearer::Partner => {
            let vat = vat_rate.of(fee, terms.rounding)?;
            (vat, vat)
        }
        Bearer::Platform => (vat_rate.included_in(fee, terms.rounding)?, Money::zero(currency)),
    };
    let net = gross
        .checked_sub(partner_discount)?
        .checked_sub(fee)?
        .checked_sub(on_top)?
        .checked_add(shipping)?;
    Ok(Price {
        gross_minor: gross.amount_minor(),
        fee_base_minor: base.amount_minor(),
        fee_rate: rate,
        share_fee_minor: share,
        flat_fee_minor: terms.flat_fee_minor,
        shipping_fee_minor: shipping_fee.amount_minor(),
        fee_minor: fee.amount_minor(),
        fee_vat_minor: vat.amount_minor(),
        fee_vat_borne_by: terms.fee_vat.borne_by,
        net_minor: net.amount_minor(),
    })
}

fn gross(line: &SaleLine, currency: Currency) -> Result<Money, MoneyError> {
    let gross = line.unit_price_minor.checked_mul(line.quantity.into());
    Ok(Money::new(gross.ok_or(MoneyError::Overflow)?, currency))
}

#[cfg(test)]
#[path = "pricing_tests.rs"]
pub(crate) mod tests;
