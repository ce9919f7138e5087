//! Rules of exact division: the parts add up to the whole, and a reversal mirrors its original.

use money::{Currency, Money, MoneyError, Sum, allocate};
use proptest::prelude::*;

fn won(amount: i64) -> Money {
    Money::new(amount, Currency::KRW)
}

fn parts(total: i64, weights: &[u64]) -> Result<Vec<i64>, MoneyError> {
    Ok(allocate(won(total), weights)?
        .into_iter()
        .map(Money::amount_minor)
        .collect())
}

/// Weights of which at least one is positive.
fn weights() -> impl Strategy<Value = Vec<u64>> {
    let weight = prop_oneof![Just(0), 0..1_000_u64, any::<u64>()];
    proptest::collection::vec(weight, 1..40).prop_filter("all weights zero", |weights| {
        weights.iter().any(|weight| *weight > 0)
    })
}

#[test]
fn leftover_units_go_to_the_largest_remainders_and_ties_to_the_earlier_line() {
    let table: [(i64, &[u64], &[i64]); 9] = [
        (100, &[1, 1, 1], &[34, 33, 33]),
        (101, &[1, 1, 1], &[34, 34, 33]),
        (-100, &[1, 1, 1], &[-34, -33, -33]),
        (10, &[1, 2, 4], &[1, 3, 6]),
        (1, &[0, 1, 1], &[0, 1, 0]),
        (3_000, &[10_000, 23_000], &[909, 2_091]),
        (0, &[5, 7], &[0, 0]),
        (7, &[3], &[7]),
        (i64::MIN, &[u64::MAX, u64::MAX], &[i64::MIN / 2, i64::MIN / 2]),
    ];
    for (total, weights, expected) in table {
        assert_eq!(
            parts(total, weights).as_deref(),
            Ok(expected),
            "{total} over {weights:?}"
        );
    }
}

#[test]
fn nothing_to_allocate_to_is_refused() {
    for weights in [&[][..], &[0], &[0, 0, 0]] {
        assert_eq!(parts(100, weights), Err(MoneyError::NoWeights));
        assert_eq!(parts(0, weights), Err(MoneyError::NoWeights));
    }
}

proptest! {
    #[test]
    fn the_parts_add_up_to_the_whole(total: i64, weights in weights()) {
        let parts = allocate(won(total), &weights).unwrap();
        prop_assert_eq!(parts.len(), weights.len());
        let mut sum = Sum::new(Currency::KRW);
        for part in parts {
            sum.add(part).unwrap();
        }
        prop_assert_eq!(sum.to_money(), Ok(won(total)));
    }

    #[test]
    fn a_negative_total_mirrors_the_positive_one(total in -i64::MAX..=i64::MAX, weights in weights()) {
        let mirrored: Vec<i64> = parts(-total, &weights).unwrap().into_iter().map(|part| -part).collect();
        prop_assert_eq!(parts(total, &weights).unwrap(), mirrored);
    }

    #[test]
    fn each_part_is_less_than_one_unit_from_its_exact_share(total in 0..1_000_000_000_i64, weights in weights()) {
        let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
        for (part, weight) in parts(total, &weights).unwrap().into_iter().zip(&weights) {
            let distance = (i128::from(part) * whole - i128::from(total) * i128::from(*weight)).abs();
            prop_assert!(distance < whole);
            prop_assert!(*weight > 0 || part == 0);
        }
    }
}
