//! Which part of which line goes back.

use contracts::contract_terms::Bearer;
use contracts::events::{Discount, PaidLine, RefundedLine};
use money::{Currency, Money};
use serde::{Deserialize, Serialize};

use super::amounts::{LineAmounts, line_amounts};

/// What goes back of one line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The line's number within the payment.
    pub line_number: i32,
    /// Minor units, more than 0.
    pub amount_minor: i64,
}

/// A line, and what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwedLine {
    /// As it was sold.
    pub line: PaidLine,
    /// What the buyer got back of it, in minor units.
    pub refunded_minor: i64,
    /// What was never taken of it, in minor units.
    pub canceled_minor: i64,
    /// What buyers' banks took of it and did not return, in minor units.
    pub disputed_minor: i64,
}

impl OwedLine {
    /// A line of which nothing went back yet.
    pub fn new(line: PaidLine) -> Self {
        Self {
            line,
            refunded_minor: 0,
            canceled_minor: 0,
            disputed_minor: 0,
        }
    }

    /// What the buyer owed for it, in minor units. Lines were checked when they came in, so they have amounts.
    pub fn owed_minor(&self) -> i64 {
        line_amounts(&self.line).map_or(0, |amounts| amounts.owed)
    }

    /// What may still go back of it, to the buyer or to a bank. Never less than 0, whatever was taken of it.
    pub fn left_minor(&self) -> i64 {
        self.owed_minor()
            .saturating_sub(self.refunded_minor)
            .saturating_sub(self.canceled_minor)
            .saturating_sub(self.disputed_minor)
            .max(0)
    }

    /// The line as it was taken: itself, or, where a part of it was let go, one piece at what is left of its price,
    /// its shipping and its discounts.
    pub fn as_taken(&self) -> PaidLine {
        if self.canceled_minor == 0 {
            return self.line.clone();
        }
        let Ok(whole) = line_amounts(&self.line) else {
            return self.line.clone();
        };
        let gone = share(whole, &self.line, self.canceled_minor);
        let less = |minor: i64, gone: i64| minor.saturating_sub(gone);
        let discount = |amount_minor, funded_by| Discount {
            amount_minor,
            funded_by,
        };
        PaidLine {
            unit_price_minor: less(whole.gross, gone.gross),
            quantity: 1,
            shipping_minor: less(self.line.shipping_minor, gone.shipping),
            tax_free_minor: less(self.line.tax_free_minor, gone.tax_free),
            discounts: [
                discount(
                    less(whole.partner_discount, gone.partner_discount),
                    Bearer::Partner,
                ),
                discount(
                    less(whole.platform_discount, gone.platform_discount),
                    Bearer::Platform,
                ),
            ]
            .into_iter()
            .filter(|discount| discount.amount_minor > 0)
            .collect(),
            ..self.line.clone()
        }
    }

    /// What is told of `amount_minor` of this line going back, after `before_minor` of it went back.
    pub fn refunded(&self, before_minor: i64, amount_minor: i64) -> Option<RefundedLine> {
        let taken = self.as_taken();
        let whole = line_amounts(&taken).ok()?;
        let after = share(whole, &taken, before_minor.checked_add(amount_minor)?);
        let before = share(whole, &taken, before_minor);
        let partner_discount_minor = after.partner_discount.checked_sub(before.partner_discount)?;
        let platform_discount_minor = after.platform_discount.checked_sub(before.platform_discount)?;
        let shipping_minor = after.shipping.checked_sub(before.shipping)?;
        Some(RefundedLine {
            line_number: taken.line_number,
            partner_id: taken.partner_id,
            refunded_minor: amount_minor,
            gross_minor: after.gross.checked_sub(before.gross)?,
            tax_free_minor: after.tax_free.checked_sub(before.tax_free)?,
            partner_discount_minor,
            platform_discount_minor,
            shipping_minor,
            owed_minor: whole.owed,
            refunded_before_minor: before_minor,
        })
    }
}

/// The parts of a line's amounts, in minor units.
struct Share {
    gross: i64,
    tax_free: i64,
    partner_discount: i64,
    platform_discount: i64,
    shipping: i64,
}

/// What belongs to `minor` of what is owed for a line. Shipping, discounts and the tax-free part are cut to the minor
/// unit; G takes what is left, so that the part is a line whose sums are right: minor = G - Dp - Dm + shipping.
fn share(whole: LineAmounts, line: &PaidLine, minor: i64) -> Share {
    let part = |amount: i64| {
        if whole.owed == 0 {
            return 0;
        }
        let exact = i128::from(amount) * i128::from(minor) / i128::from(whole.owed);
        // minor <= owed, so a part is not more than its whole.
        i64::try_from(exact).unwrap_or(amount)
    };
    let partner_discount = part(whole.partner_discount);
    let platform_discount = part(whole.platform_discount);
    let shipping = part(line.shipping_minor);
    let gross = minor
        .saturating_add(partner_discount)
        .saturating_add(platform_discount)
        .saturating_sub(shipping);
    // Neither it nor what stays of it exceeds the G beside it.
    let taxable = whole.gross.saturating_sub(line.tax_free_minor);
    let least = gross.saturating_sub(taxable).max(0);
    Share {
        gross,
        tax_free: part(line.tax_free_minor).max(least).min(gross),
        partner_discount,
        platform_discount,
        shipping,
    }
}

/// Spreads `amount_minor` over what is left of each line, by the largest remainder. Where more is given back than the
/// lines have left (a payment from elsewhere that had taken too much), the rest belongs to no line.
pub fn spread(lines: &[OwedLine], amount_minor: i64) -> Vec<Part> {
    let left: Vec<i64> = lines.iter().map(OwedLine::left_minor).collect();
    let all = left.iter().fold(0_i64, |sum, minor| sum.saturating_add(*minor));
    let amount = Money::new(amount_minor.min(all), Currency::KRW);
    let weights: Vec<u64> = left
        .iter()
        .map(|minor| u64::try_from(*minor).unwrap_or(0))
        .collect();
    // No weights: nothing is left of any line.
    let shares = money::allocate(amount, &weights).unwrap_or_default();
    parts(lines.iter().zip(shares.iter().map(|share| share.amount_minor())))
}

/// Takes the next `amount_minor` out of the parts that the caller named, after `done_minor` of them.
pub fn take(named: &[Part], done_minor: i64, amount_minor: i64) -> Vec<Part> {
    let (mut skip, mut wanted) = (done_minor, amount_minor);
    let mut taken = Vec::new();
    for part in named {
        let skipped = skip.min(part.amount_minor);
        skip = skip.saturating_sub(skipped);
        let minor = wanted.min(part.amount_minor.saturating_sub(skipped));
        wanted = wanted.saturating_sub(minor);
        if minor > 0 {
            taken.push(Part {
                amount_minor: minor,
                ..*part
            });
        }
    }
    taken
}

/// As much of `parts`, in their order, as their lines have left: up to the first of which less is left.
pub fn fitting(lines: &[OwedLine], parts: Vec<Part>) -> Vec<Part> {
    let mut fit = Vec::with_capacity(parts.len());
    for part in parts {
        let line = lines
            .iter()
            .find(|line| line.line.line_number == part.line_number);
        let amount_minor = part.amount_minor.min(line.map_or(0, OwedLine::left_minor));
        if amount_minor > 0 {
            fit.push(Part { amount_minor, ..part });
        }
        if amount_minor < part.amount_minor {
            break;
        }
    }
    fit
}

fn parts<'a>(shares: impl Iterator<Item = (&'a OwedLine, i64)>) -> Vec<Part> {
    shares
        .filter(|(_, minor)| *minor > 0)
        .map(|(line, amount_minor)| Part {
            line_number: line.line.line_number,
            amount_minor,
        })
        .collect()
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;
