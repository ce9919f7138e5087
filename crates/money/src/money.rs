//! An amount of one currency.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{Currency, MoneyError, decimal};

/// An amount of one currency: a signed 64-bit count of its minor units.
///
/// There is no `+`, since two currencies never add and a sum may overflow; no `Default` and no
/// `From<i64>`, since an amount without a currency is not money; no order, since 1 USD and 1,000 KRW have none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units: 1000 is KRW 1,000 or USD 10.00.
    #[serde(rename = "amount")]
    #[schema(example = 1000)]
    amount_minor: i64,
    /// ISO 4217 code.
    currency: Currency,
}

impl Money {
    /// An amount of `amount_minor` minor units; may be negative.
    pub const fn new(amount_minor: i64, currency: Currency) -> Self {
        Self {
            amount_minor,
            currency,
        }
    }

    /// Nothing, of this currency.
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// An amount computed in 128 bits; [`MoneyError::Overflow`] if 64 do not hold it.
    pub(crate) fn from_wide(amount_minor: i128, currency: Currency) -> Result<Self, MoneyError> {
        let amount_minor = i64::try_from(amount_minor).map_err(|_| MoneyError::Overflow)?;
        Ok(Self::new(amount_minor, currency))
    }

    /// Reads a decimal text in major units exactly: `12.34` of BRL is 1234 minor units.
    ///
    /// A sign is allowed; thousands separators, spaces and exponents are [`MoneyError::NotADecimal`],
    /// more decimals than the currency has are [`MoneyError::TooManyDecimals`], even if they are zeros.
    pub fn parse_decimal(text: &str, currency: Currency) -> Result<Self, MoneyError> {
        Self::from_wide(decimal::parse(text, currency.exponent())?, currency)
    }

    /// The amount in major units with all the currency's decimals: `-12.30`, `10000`.
    /// [`Money::parse_decimal`] reads it back.
    pub fn to_decimal_string(self) -> String {
        let (sign, whole, fraction) = decimal::split(self.amount_minor, self.currency.exponent());
        let point = if fraction.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{fraction}")
    }

    /// The signed count of minor units.
    pub const fn amount_minor(self) -> i64 {
        self.amount_minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The sum; [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        self.require_currency_of(other)?;
        let sum = self
            .amount_minor
            .checked_add(other.amount_minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self::new(sum, self.currency))
    }

    /// The difference; [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`].
    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        self.require_currency_of(other)?;
        let difference = self
            .amount_minor
            .checked_sub(other.amount_minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self::new(difference, self.currency))
    }

    /// The amount with the opposite sign; [`MoneyError::Overflow`] for the one amount that has none, the
    /// smallest 64-bit number.
    pub fn negated(self) -> Result<Self, MoneyError> {
        let opposite = self.amount_minor.checked_neg().ok_or(MoneyError::Overflow)?;
        Ok(Self::new(opposite, self.currency))
    }

    /// Whether the amount is exactly zero.
    pub const fn is_zero(self) -> bool {
        self.amount_minor == 0
    }

    /// Whether the amount is below zero.
    pub const fn is_negative(self) -> bool {
        self.amount_minor < 0
    }

    /// Whether the amount is above zero.
    pub const fn is_positive(self) -> bool {
        self.amount_minor > 0
    }

    fn require_currency_of(self, other: Self) -> Result<(), MoneyError> {
        if self.currency == other.currency {
            Ok(())
        } else {
            Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: other.currency,
            })
        }
    }
}

/// For people: `KRW 10,000`, `BRL -1,234.50`.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sign, whole, fraction) = decimal::split(self.amount_minor, self.currency.exponent());
        let point = if fraction.is_empty() { "" } else { "." };
        f.pad(&format!(
            "{} {sign}{}{point}{fraction}",
            self.currency,
            decimal::group(&whole)
        ))
    }
}
