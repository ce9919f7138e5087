//! Closes a month of the books, for ever.

use bus::Outbox;

use crate::Error;
use crate::domain::{Month, Period, PeriodState};
use crate::store::{books, periods};

use super::{BOOK, Bookkeeper};

/// Closes `period` and every month before it. Closing a closed month changes nothing. [`Error::PeriodNotOver`] while
/// it still runs; [`Error::EarlierPeriodOpen`] where a month before it was posted to and is open, so that no month
/// is closed by the way.
pub(crate) async fn close_period(
    outbox: &Outbox,
    bookkeeper: &Bookkeeper,
    period: Month,
    closed_by: &str,
) -> Result<Period, Error> {
    let (now, today) = bookkeeper.now();
    if Month::of(today) <= period {
        return Err(Error::PeriodNotOver(period));
    }
    let mut work = outbox.begin().await?;
    // Waits for postings under way, and holds off new ones until the month is closed.
    let closed_through = books::hold_still(work.conn(), BOOK).await?;
    if closed_through < Some(period) {
        if let Some(earlier) = periods::first_open_before(work.conn(), BOOK, period).await? {
            return Err(Error::EarlierPeriodOpen { period, earlier });
        }
        periods::close(work.conn(), BOOK, period, now, closed_by).await?;
        books::close_through(work.conn(), BOOK, period).await?;
    }
    let closed = periods::get(work.conn(), BOOK, period).await?;
    work.commit().await?;
    // A month before the first one that was closed by name has no row of its own.
    Ok(closed.unwrap_or(Period {
        month: period,
        state: PeriodState::Closed,
        closed_at: None,
        closed_by: None,
    }))
}
