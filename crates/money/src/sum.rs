//! A sum over many rows.

use crate::{Currency, Money, MoneyError};

/// Adds many amounts of one currency in 128 bits, as `numeric` does in SQL: a year of a marketplace's
/// payments may pass 64 bits on the way even where the result does not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sum {
    total: i128,
    currency: Currency,
}

impl Sum {
    /// An empty sum of this currency.
    pub const fn new(currency: Currency) -> Self {
        Self { total: 0, currency }
    }

    /// Adds one amount; on [`MoneyError::CurrencyMismatch`] or [`MoneyError::Overflow`] the sum stays as it was.
    pub fn add(&mut self, amount: Money) -> Result<(), MoneyError> {
        if amount.currency() != self.currency {
            return Err(MoneyError::CurrencyMismatch {
                left: self.currency,
                right: amount.currency(),
            });
        }
        self.total = self
            .total
            .checked_add(i128::from(amount.amount_minor()))
            .ok_or(MoneyError::Overflow)?;
        Ok(())
    }

    /// The total in minor units.
    pub const fn total(&self) -> i128 {
        self.total
    }

    /// The currency.
    pub const fn currency(&self) -> Currency {
        self.currency
    }

    /// The total as an amount; [`MoneyError::Overflow`] if it does not fit 64 bits.
    pub fn to_money(&self) -> Result<Money, MoneyError> {
        Money::from_wide(self.total, self.currency)
    }
}
