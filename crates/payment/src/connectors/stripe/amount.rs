//! Amounts as Stripe writes them: <https://docs.stripe.com/currencies>.

use money::{Currency, Money};

/// Whole units here, and two decimals at Stripe, which kept them when the currencies gave theirs up.
const STILL_TWO_DECIMALS: &[&str] = &["ISK", "UGX"];
/// Two decimals in ISO 4217, and none at Stripe.
const NO_DECIMALS: &[&str] = &["MGA"];
/// Twelve digits: the longest amount that Stripe takes in any currency. It refuses many at fewer digits by itself.
const LARGEST: i64 = 999_999_999_999;

/// How many minor units here are one at Stripe, or one here is so many there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scale {
    Same,
    /// The last digit has to be 0: card networks know two decimals.
    SameByTens,
    OneIsHundred,
    HundredAreOne,
}

fn scale(currency: Currency) -> Option<Scale> {
    let code = currency.as_str();
    if STILL_TWO_DECIMALS.contains(&code) {
        return Some(Scale::OneIsHundred);
    }
    if NO_DECIMALS.contains(&code) {
        return Some(Scale::HundredAreOne);
    }
    match currency.exponent() {
        0 | 2 => Some(Scale::Same),
        3 => Some(Scale::SameByTens),
        _ => None,
    }
}

/// An amount in Stripe's units; the error says why there is none.
pub fn to_stripe(amount: Money) -> Result<i64, String> {
    let minor = amount.amount_minor();
    let currency = amount.currency();
    let scale = scale(currency).ok_or_else(|| format!("Stripe takes no {}", currency.as_str()))?;
    let units = match scale {
        Scale::Same => Some(minor),
        Scale::SameByTens => (minor % 10 == 0).then_some(minor),
        Scale::OneIsHundred => minor.checked_mul(100),
        Scale::HundredAreOne => (minor % 100 == 0).then_some(minor / 100),
    };
    let what = match scale {
        Scale::SameByTens => "a multiple of 10 ",
        Scale::HundredAreOne => "a multiple of 100 ",
        Scale::Same | Scale::OneIsHundred => "",
    };
    units
        .filter(|units| (0..=LARGEST).contains(units))
        .ok_or_else(|| {
            let code = currency.as_str();
            format!("Stripe takes {what}minor units of {code}, and twelve digits at most")
        })
}

/// An amount that Stripe tells; none where it tells of a currency or an amount that is not known here.
pub(super) fn from_stripe(units: i64, code: &str) -> Option<Money> {
    let currency = Currency::parse(&code.to_ascii_uppercase()).ok()?;
    let minor = match scale(currency)? {
        Scale::Same | Scale::SameByTens => Some(units),
        Scale::OneIsHundred => (units % 100 == 0).then_some(units / 100),
        Scale::HundredAreOne => units.checked_mul(100),
    };
    Some(Money::new(minor?, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_in_the_units_of_stripe_and_read_back() {
        for (code, minor, units) in [
            ("USD", 1_099, Some(1_099)),
            ("KRW", 10_000, Some(10_000)),
            ("JPY", 500, Some(500)),
            ("VND", 500, Some(500)),
            ("KWD", 5_120, Some(5_120)),
            ("KWD", 5_124, None),
            ("BHD", 10, Some(10)),
            ("ISK", 5, Some(500)),
            ("UGX", 5, Some(500)),
            ("MGA", 500, Some(5)),
            ("MGA", 550, None),
            ("CLF", 10_000, None),
            ("USD", LARGEST, Some(LARGEST)),
            ("USD", LARGEST + 1, None),
            ("ISK", i64::MAX, None),
            ("USD", -1, None),
        ] {
            let money = Money::new(minor, Currency::parse(code).unwrap());
            assert_eq!(to_stripe(money).ok(), units, "{code} {minor}");
            if let Some(units) = units {
                assert_eq!(from_stripe(units, &code.to_lowercase()), Some(money), "{code}");
            }
        }
        for (units, code) in [(550, "isk"), (1, "xxx"), (1, "")] {
            assert_eq!(from_stripe(units, code), None, "{units} {code}");
        }
    }
}
