//! Digits of every script, and what stands between the groups of a number.

/// The zeros of the decimal digits of Unicode 14 (general category Nd); one to nine follow each.
const ZEROS: [u32; 66] = [
    0x0030, 0x0660, 0x06F0, 0x07C0, 0x0966, 0x09E6, 0x0A66, 0x0AE6, 0x0B66, 0x0BE6, 0x0C66, 0x0CE6, 0x0D66,
    0x0DE6, 0x0E50, 0x0ED0, 0x0F20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50,
    0x1BB0, 0x1C40, 0x1C50, 0xA620, 0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x104A0, 0x10D30,
    0x11066, 0x110F0, 0x11136, 0x111D0, 0x112F0, 0x11450, 0x114D0, 0x11650, 0x116C0, 0x11730, 0x118E0,
    0x11950, 0x11C50, 0x11D50, 0x11DA0, 0x16A60, 0x16AC0, 0x16B50, 0x1D7CE, 0x1D7D8, 0x1D7E2, 0x1D7EC,
    0x1D7F6, 0x1E140, 0x1E2F0, 0x1E950, 0x1FBF0,
];

/// The value of a decimal digit of any script, 0 to 9.
pub(super) fn value(character: char) -> Option<u8> {
    let code = u32::from(character);
    // Chinese characters and Hangul, of which texts here are full, are between the zeros of other scripts.
    if (0x3A..0x0660).contains(&code) || (0x2000..0xA000).contains(&code) || (0xAC00..0xFF00).contains(&code)
    {
        return None;
    }
    let next = ZEROS.partition_point(|zero| *zero <= code);
    let zero = ZEROS.get(next.checked_sub(1)?)?;
    u8::try_from(code - zero).ok().filter(|value| *value <= 9)
}

/// Whether the character may stand between the digits of one number: white space of any width, hyphens, dashes, dots.
pub(super) fn is_separator(character: char) -> bool {
    character.is_whitespace()
        || matches!(
            character,
            '-' | '.'
                | '\u{AD}'
                | '\u{B7}'
                | '\u{200B}'..='\u{200D}'
                | '\u{2010}'..='\u{2015}'
                | '\u{2060}'
                | '\u{2212}'
                | '\u{30FB}'
                | '\u{FE58}'
                | '\u{FE63}'
                | '\u{FEFF}'
                | '\u{FF0D}'
                | '\u{FF0E}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_script_have_their_value() {
        for zero in ZEROS {
            for offset in 0..10 {
                let digit = char::from_u32(zero + offset).unwrap();
                assert_eq!(value(digit), u8::try_from(offset).ok(), "{digit}");
            }
            for other in [zero.wrapping_sub(1), zero + 10] {
                if let Some(other) = char::from_u32(other).filter(|_| !ZEROS.contains(&other)) {
                    let is_of_next = ZEROS.contains(&(u32::from(other).wrapping_sub(9)));
                    assert_eq!(value(other).is_some(), is_of_next, "{other}");
                }
            }
        }
        for none in ['a', '가', '힣', '中', '½', '②', 'Ⅳ', ':', '/'] {
            assert_eq!(value(none), None, "{none}");
        }
    }
}
