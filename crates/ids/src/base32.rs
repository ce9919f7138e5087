//! 128 bits as 26 digits of lower-case Crockford base32, most significant first.
//!
//! The digits are in ASCII order and the width is fixed, so texts sort as the numbers do.

/// 26 digits hold 130 bits; the first one therefore never passes 7.
pub(crate) const WIDTH: usize = 26;

const BITS_PER_DIGIT: u32 = 5;
const DIGITS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// The digits of a number.
pub(crate) fn encode(number: u128) -> impl Iterator<Item = char> {
    (0..=125).rev().step_by(5).filter_map(move |shift: u32| {
        let digit = usize::try_from((number >> shift) & 31).ok()?;
        DIGITS.get(digit).map(|byte| char::from(*byte))
    })
}

/// The number of exactly [`WIDTH`] digits. Capitals and look-alikes (`O` for `0`) are not read, since an
/// identifier has one text.
pub(crate) fn decode(text: &str) -> Option<u128> {
    if text.len() != WIDTH {
        return None;
    }
    text.bytes().try_fold(0_u128, |number, byte| {
        let digit = DIGITS.iter().position(|known| *known == byte)?;
        // Fails where the first digit passes 7, which would not fit 128 bits.
        let shifted = number.checked_mul(1 << BITS_PER_DIGIT)?;
        Some(shifted | u128::try_from(digit).ok()?)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{WIDTH, decode, encode};

    fn text(number: u128) -> String {
        encode(number).collect()
    }

    #[test]
    fn digits_are_those_of_crockford() {
        for (number, digits) in [
            (0, "00000000000000000000000000"),
            (31, "0000000000000000000000000z"),
            (32, "00000000000000000000000010"),
            (1_234_567_890_123, "0000000000000000013xrzp16b"),
            (u128::MAX, "7zzzzzzzzzzzzzzzzzzzzzzzzz"),
        ] {
            assert_eq!(text(number), digits);
            assert_eq!(decode(digits), Some(number));
        }
    }

    #[test]
    fn what_is_not_the_one_text_of_a_number_is_refused() {
        for refused in [
            "",
            "0",
            "000000000000000000000000000",
            "80000000000000000000000000",
            "0000000000000000000000000Z",
            "0000000000000000000000000o",
            "0000000000000000000000000u",
            "0000000000000000000000000-",
            "000000000000000000000000é",
        ] {
            assert_eq!(decode(refused), None, "{refused}");
        }
    }

    proptest! {
        #[test]
        fn a_number_survives_encode_and_decode(number: u128) {
            prop_assert_eq!(text(number).len(), WIDTH);
            prop_assert_eq!(decode(&text(number)), Some(number));
        }

        #[test]
        fn texts_sort_as_their_numbers(left: u128, right: u128) {
            prop_assert_eq!(text(left).cmp(&text(right)), left.cmp(&right));
        }
    }
}
