//! The payments of a seed: the n-th is the same whenever it is asked for.

use e2e::{external_payment, platform_payment};
use rand::rngs::StdRng;
use rand::{RngExt as _, SeedableRng as _};
use serde_json::Value;

/// When what was paid elsewhere was sold.
const SOLD_AT: &str = "2026-10-02T03:00:00Z";

/// What a client asks for.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Its reference, and its key.
    pub(crate) reference: String,
    pub(crate) amount_minor: i64,
    /// Through the simulator, or taken elsewhere.
    pub(crate) is_charged: bool,
    pub(crate) body: Value,
}

/// The n-th payment: half of them through the simulator, of one of these partners.
pub(crate) fn order(seed: u64, n: u64, partners: &[String]) -> Order {
    let mut rng = StdRng::seed_from_u64(seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let reference = format!("t{seed}-{n}");
    let amount_minor = rng.random_range(1_000..1_000_000);
    let is_charged = rng.random_bool(0.5);
    let place = rng.random_range(0..partners.len().max(1));
    let partner = partners.get(place).map_or("", String::as_str);
    let body = if is_charged {
        platform_payment(&reference, partner, amount_minor, "tok_ok")
    } else {
        external_payment(&reference, partner, amount_minor, amount_minor, SOLD_AT)
    };
    Order {
        reference,
        amount_minor,
        is_charged,
        body,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_repeats_its_payments_and_no_other_seed_does() {
        let partners = ["a".to_owned(), "b".to_owned()];
        let bodies =
            |seed: u64| (0..200).map(move |n| order(seed, n, &["a".to_owned(), "b".to_owned()]).body);
        assert!(bodies(7).eq(bodies(7)));
        assert!(bodies(7).zip(bodies(8)).all(|(one, other)| one != other));
        let charged = (0..1_000).filter(|n| order(7, *n, &partners).is_charged).count();
        assert!(
            (400..600).contains(&charged),
            "{charged} of 1000 go through the simulator"
        );
    }
}
