//! What the lines of a payment add up to.

use contracts::contract_terms::Bearer;
use contracts::events::PaidLine;

/// The largest amount in minor units, of a field as of a whole payment: 10^15.
///
/// More than any sale (a quadrillion won), below the 2^53 up to which every reader of JSON keeps integers exact, and
/// small enough that 9,000 of the largest add up within 64 bits, wherever amounts of many payments meet.
pub const LARGEST_MINOR: i64 = 1_000_000_000_000_000;

/// The most lines of a payment.
pub const MOST_LINES: usize = 500;

/// The amounts of one line in minor units, none of them negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineAmounts {
    /// G: price x quantity.
    pub gross: i64,
    /// Dp: the discounts that the partner funds.
    pub partner_discount: i64,
    /// Dm: the discounts that the platform funds.
    pub platform_discount: i64,
    /// What the buyer owes: G - Dp - Dm + shipping.
    pub owed: i64,
    /// What the partner is owed before fees: G - Dp + shipping.
    pub payable: i64,
}

/// Why a line's amounts make no sense together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountFault {
    /// Price x quantity and shipping together exceed [`LARGEST_MINOR`], or something does not fit 64 bits.
    TooLarge,
    /// The discounts exceed price x quantity.
    DiscountsBeyondPrice,
    /// The tax-free part exceeds price x quantity.
    TaxFreeBeyondPrice,
}

/// The amounts of a line whose fields are 0 or more each.
pub fn line_amounts(line: &PaidLine) -> Result<LineAmounts, AmountFault> {
    let gross = line
        .unit_price_minor
        .checked_mul(i64::from(line.quantity))
        .filter(|gross| {
            total([*gross, line.shipping_minor]).is_some_and(|with_shipping| with_shipping <= LARGEST_MINOR)
        })
        .ok_or(AmountFault::TooLarge)?;
    let discounts_of = |bearer| {
        let funded = line.discounts.iter().filter(|d| d.funded_by == bearer);
        total(funded.map(|d| d.amount_minor)).ok_or(AmountFault::TooLarge)
    };
    let partner_discount = discounts_of(Bearer::Partner)?;
    let platform_discount = discounts_of(Bearer::Platform)?;
    let discounts = total([partner_discount, platform_discount]).ok_or(AmountFault::TooLarge)?;
    if discounts > gross {
        return Err(AmountFault::DiscountsBeyondPrice);
    }
    if line.tax_free_minor > gross {
        return Err(AmountFault::TaxFreeBeyondPrice);
    }
    // No step leaves 64 bits, since 0 <= discounts <= gross <= gross + shipping <= 10^15.
    let less = |discount: i64| gross.saturating_sub(discount).saturating_add(line.shipping_minor);
    Ok(LineAmounts {
        gross,
        partner_discount,
        platform_discount,
        owed: less(discounts),
        payable: less(partner_discount),
    })
}

/// The sum, or none where it does not fit 64 bits.
pub fn total(amounts: impl IntoIterator<Item = i64>) -> Option<i64> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add)
}

#[cfg(test)]
mod tests {
    use super::*;
    use contracts::events::Discount;
    use ids::PartnerId;
    use proptest::prelude::*;

    fn line(
        price: i64,
        quantity: i32,
        shipping: i64,
        tax_free: i64,
        discounts: &[(i64, Bearer)],
    ) -> PaidLine {
        PaidLine {
            line_number: 1,
            partner_id: PartnerId::generate(),
            category: String::new(),
            unit_price_minor: price,
            quantity,
            shipping_minor: shipping,
            tax_free_minor: tax_free,
            discounts: discounts
                .iter()
                .map(|(amount_minor, funded_by)| Discount {
                    amount_minor: *amount_minor,
                    funded_by: *funded_by,
                })
                .collect(),
        }
    }

    #[test]
    fn the_buyer_owes_price_less_discounts_plus_shipping() {
        use Bearer::{Partner, Platform};
        for (line, owed) in [
            (line(10_000, 1, 0, 0, &[]), Ok(10_000)),
            (line(10_000, 3, 2_500, 0, &[]), Ok(32_500)),
            (
                line(33_000, 1, 0, 0, &[(1_500, Partner), (1_500, Platform)]),
                Ok(30_000),
            ),
            (line(100, 1, 7, 100, &[(100, Platform)]), Ok(7)),
            (
                line(100, 1, 0, 0, &[(60, Partner), (41, Platform)]),
                Err(AmountFault::DiscountsBeyondPrice),
            ),
            (line(100, 1, 0, 101, &[]), Err(AmountFault::TaxFreeBeyondPrice)),
            (line(i64::MAX, 2, 0, 0, &[]), Err(AmountFault::TooLarge)),
            (line(LARGEST_MINOR, 1, 0, 0, &[]), Ok(LARGEST_MINOR)),
            (line(LARGEST_MINOR, 1, 1, 0, &[]), Err(AmountFault::TooLarge)),
            (
                line(LARGEST_MINOR, 1, i64::MAX, 0, &[]),
                Err(AmountFault::TooLarge),
            ),
            (
                line(LARGEST_MINOR, 1, 1, 0, &[(1, Partner)]),
                Err(AmountFault::TooLarge),
            ),
            (
                line(LARGEST_MINOR / 2 + 1, 2, 0, 0, &[]),
                Err(AmountFault::TooLarge),
            ),
            (
                line(100, 1, 0, 0, &[(i64::MAX, Partner), (1, Partner)]),
                Err(AmountFault::TooLarge),
            ),
        ] {
            assert_eq!(line_amounts(&line).map(|a| a.owed), owed, "{line:?}");
        }
    }

    proptest! {
        #[test]
        fn amounts_are_never_negative_and_always_add_up(
            price in 0_i64..=LARGEST_MINOR / 500, quantity in 1_i32..=1_000, shipping in 0_i64..=LARGEST_MINOR,
            partner in 1_i64..=LARGEST_MINOR / 500, platform in 1_i64..=LARGEST_MINOR / 500,
        ) {
            let line = line(price, quantity, shipping, 0, &[(partner, Bearer::Partner), (platform, Bearer::Platform)]);
            if let Ok(amounts) = line_amounts(&line) {
                prop_assert!(amounts.owed >= 0);
                prop_assert_eq!(
                    i128::from(amounts.owed),
                    i128::from(price) * i128::from(quantity) - i128::from(partner) - i128::from(platform)
                        + i128::from(shipping)
                );
                prop_assert_eq!(amounts.payable, amounts.owed + platform);
                prop_assert!(amounts.payable <= LARGEST_MINOR);
            }
        }
    }
}
