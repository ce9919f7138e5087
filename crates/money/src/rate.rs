//! A share of an amount, in parts per million.

use std::fmt;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::error::excerpt;
use crate::{Money, MoneyError, Rounding, decimal};

/// The whole: 100 % in parts per million.
const WHOLE: NonZeroU32 = NonZeroU32::MIN.saturating_add(999_999);
/// A percent has 10^4 parts per million, so a percentage has at most four decimals.
const PERCENT_DECIMALS: u8 = 4;

/// A share of an amount in parts per million, 0 to 1,000,000: 12 % is 120,000. JSON is that integer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "u32", into = "u32")]
#[schema(value_type = u32, minimum = 0, maximum = 1_000_000, example = 120_000)]
pub struct Rate(u32);

impl Rate {
    /// Nothing: 0 %.
    pub const ZERO: Self = Self(0);

    /// A rate of `ppm` parts per million; above 1,000,000 is [`MoneyError::RateOutOfRange`].
    pub fn from_ppm(ppm: u32) -> Result<Self, MoneyError> {
        if ppm > WHOLE.get() {
            return Err(MoneyError::RateOutOfRange {
                given: format!("{ppm} ppm"),
            });
        }
        Ok(Self(ppm))
    }

    /// Reads a percentage exactly: `9.5` is 95,000 ppm. At most four decimals
    /// ([`MoneyError::TooManyDecimals`]), 0 to 100 ([`MoneyError::RateOutOfRange`]), no percent sign.
    pub fn parse_percent(text: &str) -> Result<Self, MoneyError> {
        let out_of_range = || MoneyError::RateOutOfRange {
            given: format!("{} percent", excerpt(text)),
        };
        let ppm = match decimal::parse(text, PERCENT_DECIMALS) {
            Ok(ppm) => u32::try_from(ppm).map_err(|_| out_of_range())?,
            Err(MoneyError::Overflow) => return Err(out_of_range()),
            Err(refusal) => return Err(refusal),
        };
        Self::from_ppm(ppm).map_err(|_| out_of_range())
    }

    /// Parts per million, 0 to 1,000,000.
    pub const fn ppm(self) -> u32 {
        self.0
    }

    /// This share of an amount: amount x ppm / 1,000,000, rounded once. Mirrors: the share of the opposite
    /// amount is the opposite share.
    pub fn of(self, amount: Money, rounding: Rounding) -> Result<Money, MoneyError> {
        self.part(amount, WHOLE, rounding)
    }

    /// What a gross amount contains of a tax at this rate: amount x ppm / (1,000,000 + ppm), rounded once.
    /// At 10 %, KRW 1,100 contains KRW 100.
    pub fn included_in(self, gross: Money, rounding: Rounding) -> Result<Money, MoneyError> {
        self.part(gross, WHOLE.saturating_add(self.0), rounding)
    }

    fn part(self, amount: Money, denominator: NonZeroU32, rounding: Rounding) -> Result<Money, MoneyError> {
        let numerator = i128::from(amount.amount_minor()) * i128::from(self.0);
        Money::from_wide(rounding.divide(numerator, denominator), amount.currency())
    }
}

impl TryFrom<u32> for Rate {
    type Error = MoneyError;

    fn try_from(ppm: u32) -> Result<Self, MoneyError> {
        Self::from_ppm(ppm)
    }
}

impl From<Rate> for u32 {
    fn from(rate: Rate) -> Self {
        rate.0
    }
}

/// For people: `9.5 %`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (_, whole, fraction) = decimal::split(i64::from(self.0), PERCENT_DECIMALS);
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        f.pad(&format!("{whole}{point}{fraction} %"))
    }
}
