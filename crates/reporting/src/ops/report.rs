//! Reads the sums.

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
    store::daily_totals::of(outbox.db().pool(), period, currency).await
}

/// The sums of a partner, in the order of month, book, account and currency.
pub(crate) async fn partner(
    outbox: &Outbox,
    partner: PartnerId,
    months: Option<Months>,
    currency: Option<Currency>,
) -> Result<Vec<(PartnerKey, Sums)>, Error> {
    store::partner_totals::of(outbox.db().pool(), partner, months, currency).await
}
