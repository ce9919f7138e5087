//! Reads the sums. They follow the books with a delay anyway, so a replica serves as well.

use bus::Outbox;
use ids::PartnerId;
use money::Currency;

use crate::domain::{DailyKey, Months, PartnerKey, Period, Sums};
use crate::error::Error;
use crate::store;

/// The sums of those days, in the order of day, book, kind, account and currency.
pub(crate) async fn daily(
    outbox: &Outbox,
    period: Period,
    currency: Option<Currency>,
) -> Result<Vec<(DailyKey, Sums)>, Error> {
    let mut conn = outbox.db().acquire_lagging().await?;
    store::daily_totals::of(&mut *conn, period, currency).await
}

/// The sums of a partner, in the order of month, book, account and currency.
pub(crate) async fn partner(
    outbox: &Outbox,
    partner: PartnerId,
    months: Option<Months>,
    currency: Option<Currency>,
) -> Result<Vec<(PartnerKey, Sums)>, Error> {
    let mut conn = outbox.db().acquire_lagging().await?;
    store::partner_totals::of(&mut *conn, partner, months, currency).await
}
