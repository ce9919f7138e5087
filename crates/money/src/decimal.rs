//! Decimal text to a whole count of the smallest unit, and back, without rounding.

use crate::MoneyError;
use crate::error::excerpt;

/// Reads `12.34` with `exponent` 2 as 1234. Fewer decimals are filled up with zeros, more are refused.
pub(crate) fn parse(text: &str, exponent: u8) -> Result<i128, MoneyError> {
    let malformed = || MoneyError::NotADecimal { text: excerpt(text) };
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(malformed()),
        Some(parts) => parts,
        None => (digits, ""),
    };
    if whole.is_empty()
        || !whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit())
    {
        return Err(malformed());
    }
    let missing =
        usize::from(exponent)
            .checked_sub(fraction.len())
            .ok_or_else(|| MoneyError::TooManyDecimals {
                text: excerpt(text),
                allowed: exponent,
            })?;

    let mut units: i128 = 0;
    for byte in whole
        .bytes()
        .chain(fraction.bytes())
        .chain(std::iter::repeat_n(b'0', missing))
    {
        units = units
            .checked_mul(10)
            .and_then(|tens| tens.checked_add(i128::from(byte - b'0')))
            .ok_or(MoneyError::Overflow)?;
    }
    Ok(if negative { -units } else { units })
}

/// Sign, whole part and fraction of `units`: -1234 with `exponent` 2 is `("-", "12", "34")`.
pub(crate) fn split(units: i64, exponent: u8) -> (&'static str, String, String) {
    let sign = if units < 0 { "-" } else { "" };
    let decimals = usize::from(exponent);
    // One digit more than the decimals, so that there always is one before the point.
    let mut whole = format!("{:0>width$}", units.unsigned_abs(), width = decimals + 1);
    let fraction = whole.split_off(whole.len() - decimals);
    (sign, whole, fraction)
}

/// Puts a comma before every group of three digits.
pub(crate) fn group(digits: &str) -> String {
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
