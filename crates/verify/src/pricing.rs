//! What a line must earn, worked out again from the terms of its contract, in 128 bits.

use contracts::contract_terms::{Bearer, ContractTerms, FeeBase, ShippingRule};
use money::Rounding;

/// A sale, in minor units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sale<'a> {
    pub(crate) category: &'a str,
    pub(crate) unit_price: i128,
    pub(crate) quantity: i128,
    pub(crate) by_partner: i128,
    pub(crate) by_platform: i128,
    pub(crate) shipping: i128,
}

/// Every step of its price.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Steps {
    pub(crate) gross: i128,
    pub(crate) base: i128,
    pub(crate) rate_ppm: u32,
    pub(crate) share: i128,
    pub(crate) flat: i128,
    pub(crate) of_shipping: i128,
    pub(crate) fee: i128,
    pub(crate) vat: i128,
    pub(crate) net: i128,
}

const WHOLE: i128 = 1_000_000;

/// The price of a sale.
pub(crate) fn steps(terms: &ContractTerms, sale: Sale<'_>) -> Steps {
    let gross = sale.unit_price * sale.quantity;
    let base = match terms.fee_base {
        FeeBase::Gross => gross,
        FeeBase::LessPartnerDiscounts => gross - sale.by_partner,
        FeeBase::LessAllDiscounts => gross - sale.by_partner - sale.by_platform,
    }
    .max(0);
    let rate_ppm = terms
        .category_rates
        .iter()
        .find(|own| own.category == sale.category)
        .map_or(terms.rate_ppm, |own| own.rate_ppm)
        .ppm();
    let mut share = part(base, rate_ppm, WHOLE, terms.rounding);
    if let Some(least) = terms.fee_minimum_minor {
        share = share.max(least.into());
    }
    if let Some(most) = terms.fee_maximum_minor {
        share = share.min(most.into());
    }
    let of_shipping = match terms.shipping {
        ShippingRule::PassThrough => 0,
        ShippingRule::WithFee { rate_ppm } => part(sale.shipping, rate_ppm.ppm(), WHOLE, terms.rounding),
    };
    let flat = i128::from(terms.flat_fee_minor);
    let fee = share + flat + of_shipping;
    let vat_ppm = terms.fee_vat.rate_ppm.ppm();
    let (vat, on_top) = match terms.fee_vat.borne_by {
        Bearer::Partner => {
            let vat = part(fee, vat_ppm, WHOLE, terms.rounding);
            (vat, vat)
        }
        Bearer::Platform => (part(fee, vat_ppm, WHOLE + i128::from(vat_ppm), terms.rounding), 0),
    };
    Steps {
        gross,
        base,
        rate_ppm,
        share,
        flat,
        of_shipping,
        fee,
        vat,
        net: gross - sale.by_partner - fee - on_top + sale.shipping,
    }
}

/// What a refund is of an amount of its line: the share of it that was taken back when `before` of what was owed had gone
/// back, less the share when `after` has. Each is cut to the minor unit; of a line for which nothing was owed, it is
/// nothing.
pub(crate) fn taken_back(amount: i128, owed: i128, before: i128, after: i128) -> i128 {
    let share = |refunded: i128| (amount * refunded).checked_div(owed).unwrap_or_default();
    share(before) - share(after)
}

/// amount x ppm / whole, rounded by its magnitude.
fn part(amount: i128, ppm: u32, whole: i128, rounding: Rounding) -> i128 {
    let product = amount.abs() * i128::from(ppm);
    let (cut, rest) = (product / whole, product % whole);
    let is_odd = cut % 2 != 0;
    let up = match rounding {
        Rounding::Down => false,
        Rounding::Up => rest > 0,
        Rounding::HalfUp => rest * 2 >= whole,
        Rounding::HalfEven => rest * 2 > whole || (rest * 2 == whole && is_odd),
    };
    amount.signum() * (cut + i128::from(up))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn terms(changes: &Value) -> ContractTerms {
        let mut terms = json!({
            "currency": "KRW", "rate_ppm": 100_000, "cycle": {"kind": "daily"}, "payout": {"days": 2},
        });
        for (name, value) in changes.as_object().unwrap() {
            terms[name] = value.clone();
        }
        serde_json::from_value(terms).unwrap()
    }

    fn sale(unit_price: i128, by_partner: i128, by_platform: i128) -> Sale<'static> {
        Sale {
            category: "",
            unit_price,
            quantity: 1,
            by_partner,
            by_platform,
            shipping: 0,
        }
    }

    #[test]
    fn the_check_values_hold() {
        let less_partner = json!({"fee_base": "less_partner_discounts"});
        for (changes, sold, fee, vat, net) in [
            (json!({}), sale(10_000, 0, 0), 1_000, 100, 8_900),
            (json!({}), sale(33_000, 1_500, 1_500), 3_300, 330, 27_870),
            (less_partner, sale(33_000, 1_500, 1_500), 3_150, 315, 28_035),
            (
                json!({"fee_vat": {"rate_ppm": 100_000, "borne_by": "platform"}}),
                sale(11_000, 0, 0),
                1_100,
                100,
                9_900,
            ),
            (json!({"fee_minimum_minor": 300}), sale(1_000, 0, 0), 300, 30, 670),
            (
                json!({"fee_maximum_minor": 50, "flat_fee_minor": 7}),
                sale(1_000, 0, 0),
                57,
                5,
                938,
            ),
        ] {
            let steps = steps(&terms(&changes), sold);
            assert_eq!(
                (steps.fee, steps.vat, steps.net),
                (fee, vat, net),
                "{changes} {sold:?}"
            );
        }
    }

    #[test]
    fn parts_are_rounded_by_the_magnitude() {
        use Rounding::{Down, HalfEven, HalfUp, Up};
        for (amount, rounding, expected) in [
            (15, Down, 1),
            (15, Up, 2),
            (15, HalfUp, 2),
            (25, HalfEven, 2),
            (35, HalfEven, 4),
            (-15, Down, -1),
            (-11, Up, -2),
        ] {
            assert_eq!(
                part(amount, 100_000, WHOLE, rounding),
                expected,
                "{amount} {rounding:?}"
            );
        }
    }

    #[test]
    fn shares_are_cut_so_far_less_before() {
        for (before, after, expected) in [
            (0, 3_333, -333),
            (3_333, 6_666, -333),
            (6_666, 10_000, -334),
            (6_666, 3_333, 333),
        ] {
            assert_eq!(
                taken_back(1_000, 10_000, before, after),
                expected,
                "{before} {after}"
            );
        }
        assert_eq!(taken_back(1_000, 0, 0, 0), 0);
    }

    proptest! {
        #[test]
        fn refunds_of_the_whole_take_the_whole_back(
            amount in -1_000_000..1_000_000_i128, owed in 1..1_000_000_i128,
            stops in prop::collection::vec(0..=1_000_000_i128, 0..9),
        ) {
            let mut stops: Vec<i128> = stops.into_iter().map(|stop| stop % (owed + 1)).collect();
            stops.insert(0, 0);
            stops.push(owed);
            let back: i128 = stops.windows(2).map(|step| taken_back(amount, owed, step[0], step[1])).sum();
            prop_assert_eq!(back, -amount);
        }
    }
}
