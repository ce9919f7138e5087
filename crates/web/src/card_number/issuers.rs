//! Who issues numbers of which beginning and length, and the check digit.

/// A range of the first four digits, and the lengths that numbers of it have.
type Issuer = (std::ops::RangeInclusive<u32>, &'static [usize]);

const FROM_12: &[usize] = &[12, 13, 14, 15, 16, 17, 18, 19];
const FROM_14: &[usize] = &[14, 15, 16, 17, 18, 19];
const FROM_16: &[usize] = &[16, 17, 18, 19];
const ONLY_16: &[usize] = &[16];

/// As the networks publish them (ISO/IEC 7812; the ranges that their guides for merchants name).
const ISSUERS: &[Issuer] = &[
    // Visa.
    (4000..=4999, &[13, 16, 19]),
    // Mastercard.
    (5100..=5599, ONLY_16),
    (2221..=2720, ONLY_16),
    // American Express.
    (3400..=3499, &[15]),
    (3700..=3799, &[15]),
    // Discover.
    (6011..=6011, FROM_16),
    (6440..=6599, FROM_16),
    // Diners Club.
    (3000..=3059, FROM_14),
    (3095..=3095, FROM_14),
    (3600..=3699, FROM_14),
    (3800..=3999, FROM_14),
    // JCB, and RuPay with it.
    (3528..=3589, FROM_16),
    // UnionPay.
    (6200..=6299, FROM_16),
    (8100..=8171, FROM_16),
    // RuPay; its 508, 60 and 65 are below and above.
    (8100..=8299, ONLY_16),
    // Mir.
    (2200..=2204, FROM_16),
    // Maestro, and the domestic networks of many countries within its ranges.
    (5000..=5099, FROM_12),
    (5600..=6999, FROM_12),
    // Domestic cards of Korea: BC Card and the others.
    (9000..=9999, ONLY_16),
];

/// Whether somebody issues numbers of this beginning and length, and the check digit is right.
pub(super) fn is_issued(digits: &[u8]) -> bool {
    let beginning = digits
        .iter()
        .take(4)
        .fold(0, |value, digit| value * 10 + u32::from(*digit));
    let is_known = ISSUERS
        .iter()
        .any(|(beginnings, lengths)| beginnings.contains(&beginning) && lengths.contains(&digits.len()));
    is_known && is_checked(digits)
}

/// Luhn's check (ISO/IEC 7812-1, annex B).
pub(super) fn is_checked(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .zip([false, true].into_iter().cycle())
        .map(|(digit, is_doubled)| match (u32::from(*digit), is_doubled) {
            (digit, false) => digit,
            (digit @ 0..=4, true) => digit * 2,
            (digit, true) => digit * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}
