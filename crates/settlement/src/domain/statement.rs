//! What a statement pays and what it carries forward.

/// The lower half of a statement, in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "units go last")]
pub struct Outcome {
    /// What earlier statements left over.
    pub carried_in_minor: i64,
    /// What is to be paid out.
    pub payable_minor: i64,
    /// What is left for the next statement.
    pub carried_out_minor: i64,
}

/// Earned plus carried in is payable where it reaches `minimum_minor`, otherwise it carries forward; so does
/// everything below zero. None where the sum does not fit 64 bits.
pub fn conclude(earned_minor: i64, carried_in_minor: i64, minimum_minor: i64) -> Option<Outcome> {
    let total = earned_minor.checked_add(carried_in_minor)?;
    let pays = total >= minimum_minor.max(0);
    Some(Outcome {
        carried_in_minor,
        payable_minor: if pays { total } else { 0 },
        carried_out_minor: if pays { 0 } else { total },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_reaches_the_minimum_is_paid_and_the_rest_carries_forward() {
        for (earned, carried_in, minimum, payable, carried_out) in [
            (8_900, 0, 0, 8_900, 0),
            (0, 0, 0, 0, 0),
            (8_900, 0, 8_900, 8_900, 0),
            (8_900, 0, 8_901, 0, 8_900),
            (5_000, 5_000, 10_000, 10_000, 0),
            (-3_000, 0, 0, 0, -3_000),
            (2_000, -3_000, 0, 0, -1_000),
            (4_000, -3_000, 0, 1_000, 0),
            (-1, 1, 0, 0, 0),
        ] {
            let outcome = conclude(earned, carried_in, minimum).unwrap();
            assert_eq!(
                (outcome.payable_minor, outcome.carried_out_minor),
                (payable, carried_out),
                "{earned} {carried_in} {minimum}"
            );
        }
        assert_eq!(conclude(i64::MAX, 1, 0), None);
    }

    proptest! {
        #[test]
        fn a_chain_of_statements_pays_and_carries_exactly_what_was_earned(
            earned in prop::collection::vec(-100_000..100_000_i64, 1..40), minimum in 0..50_000_i64,
        ) {
            let (mut balance, mut paid) = (0, 0);
            for amount in &earned {
                let outcome = conclude(*amount, balance, minimum).unwrap();
                prop_assert!(outcome.payable_minor >= 0);
                prop_assert!(outcome.payable_minor == 0 || outcome.payable_minor >= minimum);
                prop_assert!(outcome.carried_out_minor < minimum.max(1));
                paid += outcome.payable_minor;
                balance = outcome.carried_out_minor;
            }
            prop_assert_eq!(paid + balance, earned.iter().sum::<i64>());
        }
    }
}
