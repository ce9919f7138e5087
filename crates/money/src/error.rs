//! Why an amount, a currency or a rate was refused.

use crate::Currency;

/// Why an amount, a currency or a rate was refused. Every message names the remedy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum MoneyError {
    /// The text is not an active ISO 4217 code with minor units.
    #[error(
        "`{text}` is not an active ISO 4217 currency: give its three capital letters, as KRW, USD or BRL"
    )]
    UnknownCurrency {
        /// The text that was given, shortened.
        text: String,
    },
    /// Two amounts of different currencies met where only one currency may be.
    #[error("{left} and {right} cannot be combined: book the exchange through an exchange clearing account")]
    CurrencyMismatch {
        /// The currency that was there first.
        left: Currency,
        /// The currency that was to join it.
        right: Currency,
    },
    /// The result does not fit a signed 64-bit count of minor units.
    #[error(
        "the amount does not fit 64 bits of minor units: split it, or add many amounts with a 128-bit sum"
    )]
    Overflow,
    /// The text is not a decimal number.
    #[error(
        "`{text}` is not a decimal amount: write digits with at most one point between them, without separators, as 1234.5"
    )]
    NotADecimal {
        /// The text that was given, shortened.
        text: String,
    },
    /// The text has more decimals than the currency, or the rate, can hold. Nothing is rounded silently.
    #[error("`{text}` has more than {allowed} decimals: round it first, and say how")]
    TooManyDecimals {
        /// The text that was given, shortened.
        text: String,
        /// How many digits may follow the point.
        allowed: u8,
    },
    /// The rate is above 100 %, or negative.
    #[error(
        "the rate {given} is out of range: give 0 to 1000000 parts per million, which is 0 to 100 percent"
    )]
    RateOutOfRange {
        /// What was given, as it was given, shortened.
        given: String,
    },
    /// There is nothing to allocate to: no weights, or all of them zero.
    #[error(
        "an amount cannot be allocated over weights that are all zero: give at least one positive weight"
    )]
    NoWeights,
}

/// The beginning of a text, for a message: what a client sends may be megabytes long.
pub(crate) fn excerpt(text: &str) -> String {
    const LONGEST: usize = 40;
    let mut shown: String = text.chars().take(LONGEST).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown
}
