//! Business days, holidays, settlement cycles and their windows.
//!
//! Everything here is pure: no clock, no I/O. Days are business-local dates (`NaiveDate`, `_on`); a
//! [`TimeZone`] turns them into instants.
//!
//! ```
//! use calendar::{Cycle, Holidays, PayoutTerm, TimeZone};
//! use chrono::NaiveDate;
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let day = |y, m, d| NaiveDate::from_ymd_opt(y, m, d).ok_or("no such day");
//! let cycle = Cycle::monthly([15, 31])?;
//! let window = cycle.window_of(day(2025, 9, 20)?)?;
//! assert_eq!(window.ends_on, day(2025, 9, 30)?);
//!
//! // Three business days after 30 September 2025: the 3rd and 6th to 9th of October are holidays.
//! let due_on = PayoutTerm::business_days(3).due_on(Holidays::named("KR")?, window.ends_on)?;
//! assert_eq!(due_on, day(2025, 10, 10)?);
//! assert_eq!(window.start_at(TimeZone::default()).to_rfc3339(), "2025-09-15T15:00:00+00:00");
//! # Ok(())
//! # }
//! ```

mod business_days;
mod closing;
mod cycle;
mod error;
mod holidays;
mod payout_term;
mod time_zone;
mod weekday;
mod window;

pub use business_days::{OnHoliday, add_business_days, adjust};
pub use closing::{ClosingDates, ClosingDays};
pub use cycle::Cycle;
pub use error::CalendarError;
pub use holidays::Holidays;
pub use payout_term::{Counting, PayoutTerm};
pub use time_zone::TimeZone;
pub use weekday::Weekday;
pub use window::Window;
