//! Money in minor units, rates in parts per million, rounding and exact division.
//!
//! Invariants of this crate:
//! - No floating point number, anywhere.
//! - Two currencies never add: the answer is [`MoneyError::CurrencyMismatch`], never a number.
//! - Nothing is rounded unless a rate is applied, and then by the mode the caller names.
//! - What divides returns all its parts, and they add up to the whole.

mod allocate;
mod currency;
mod decimal;
mod error;
mod iso4217;
mod money;
mod rate;
mod rounding;
mod sum;

pub use allocate::allocate;
pub use currency::Currency;
pub use error::MoneyError;
pub use money::Money;
pub use rate::Rate;
pub use rounding::Rounding;
pub use sum::Sum;
