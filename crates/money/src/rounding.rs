//! How a fraction of a minor unit becomes a whole one.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// How a fraction of a minor unit becomes a whole one. Applied to the magnitude, then the sign is put
/// back, so that a reversal mirrors its original to the last unit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rounding {
    /// Towards zero: the fraction is cut. What a contract means when it is silent.
    #[default]
    Down,
    /// Away from zero: any fraction counts as a whole unit.
    Up,
    /// To the nearest; a half goes away from zero.
    HalfUp,
    /// To the nearest; a half goes to the even neighbour.
    HalfEven,
}

impl Rounding {
    /// `numerator / denominator` as a whole number. The callers' denominators are sums of constants and
    /// rates, never zero and below 2^32; numerators stay below 2^84, so nothing here overflows.
    pub(crate) fn divide(self, numerator: i128, denominator: std::num::NonZeroU32) -> i128 {
        let denominator = u128::from(denominator.get());
        let magnitude = numerator.unsigned_abs();
        let (quotient, remainder) = (magnitude / denominator, magnitude % denominator);
        let up = match self {
            Self::Down => false,
            Self::Up => remainder > 0,
            Self::HalfUp => remainder * 2 >= denominator,
            Self::HalfEven => {
                remainder * 2 > denominator || (remainder * 2 == denominator && !quotient.is_multiple_of(2))
            }
        };
        numerator.signum() * (quotient + u128::from(up)).cast_signed()
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::Rounding::{self, Down, HalfEven, HalfUp, Up};

    #[test]
    fn rounding_treats_the_magnitude_then_restores_the_sign() {
        let table = [
            // tenths, Down, Up, HalfUp, HalfEven
            (0, [0, 0, 0, 0]),
            (1, [0, 1, 0, 0]),
            (5, [0, 1, 1, 0]),
            (6, [0, 1, 1, 1]),
            (10, [1, 1, 1, 1]),
            (14, [1, 2, 1, 1]),
            (15, [1, 2, 2, 2]),
            (25, [2, 3, 3, 2]),
            (26, [2, 3, 3, 3]),
        ];
        let ten = NonZeroU32::new(10).unwrap();
        for (tenths, expected) in table {
            for (mode, whole) in [Down, Up, HalfUp, HalfEven].into_iter().zip(expected) {
                assert_eq!(mode.divide(tenths, ten), whole, "{mode:?} of {tenths} tenths");
                assert_eq!(mode.divide(-tenths, ten), -whole, "{mode:?} of -{tenths} tenths");
            }
        }
    }

    #[test]
    fn a_silent_contract_rounds_down() {
        assert_eq!(Rounding::default(), Down);
    }

    #[test]
    fn json_is_snake_case() {
        assert_eq!(serde_json::to_string(&HalfEven).unwrap(), r#""half_even""#);
        assert_eq!(serde_json::from_str::<Rounding>(r#""down""#).unwrap(), Down);
        assert!(serde_json::from_str::<Rounding>(r#""nearest""#).is_err());
    }
}
