//! Which payments a list shows: the same time for the first page and for the ten thousandth.
//!
//! A page goes on after the last thing of the page before, along an index, and counts nothing. Which index depends on
//! what is wanted: `of_all`, `of_partner` and `of_last_four` have a query for each.

mod of_all;
mod of_last_four;
mod of_partner;
mod page;

use chrono::{DateTime, TimeDelta, Utc};
use ids::{PartnerId, PaymentId};
use money::Currency;
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::domain::PaymentStatus;

/// How far the time in an identifier may be from the time beside it: older versions took them from two clocks.
const SLACK: TimeDelta = TimeDelta::minutes(1);

/// How the lists of this transaction are planned.
///
/// - For these parameters: a plan for any of them could use no index.
/// - Without merging: a partner who has sold nothing for a year would have all payments of that year read.
/// - In one process, and not compiled: a page is a hundred rows, and preparing for more takes longer than reading these.
/// - Along an index: of amounts that are believed to be frequent and are not, everything would be read.
const PLANNING: &str = "select set_config('plan_cache_mode', 'force_custom_plan', true),
                               set_config('enable_mergejoin', 'off', true),
                               set_config('max_parallel_workers_per_gather', '0', true),
                               set_config('jit', 'off', true),
                               set_config('enable_seqscan', 'off', true)";

/// The order of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Sort {
    /// By the time they were made, the last first.
    #[default]
    Newest,
    /// The first first.
    Oldest,
    /// By amount, the largest first; of one amount the newest first. Amounts of two currencies are not compared: give
    /// one.
    Largest,
    /// The smallest first; of one amount the oldest first.
    Smallest,
}

/// What a list of payments is narrowed to, in what order, and where it goes on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Wanted {
    /// In which order.
    pub sort: Sort,
    /// This status.
    pub status: Option<PaymentStatus>,
    /// This order reference, of any caller.
    pub order_reference: Option<String>,
    /// A line of this partner.
    pub partner_id: Option<PartnerId>,
    /// Paid by a means that ends in these four digits.
    pub last_four: Option<String>,
    /// This currency.
    pub currency: Option<String>,
    /// At least this amount, in minor units.
    pub amount_from_minor: Option<i64>,
    /// At most this amount.
    pub amount_to_minor: Option<i64>,
    /// Made at this time or later.
    pub created_from: Option<DateTime<Utc>>,
    /// Made before this time.
    pub created_to: Option<DateTime<Utc>>,
    /// The amount of the last thing of the page before, where the order is by amounts.
    pub last_minor: Option<i64>,
}

/// The ids of at most `limit` payments after `last`, in their order. The connection is in a transaction.
pub async fn list(
    conn: &mut PgConnection,
    wanted: &Wanted,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<PaymentId>, sqlx::Error> {
    sqlx::query(PLANNING).execute(&mut *conn).await?;
    // What is rarest leads, so that nothing is looked through for it.
    let found = if wanted.order_reference.is_some() {
        of_reference(conn, wanted, last, limit).await
    } else if wanted.last_four.is_some() {
        of_last_four::page(conn, wanted, last, limit).await
    } else if wanted.partner_id.is_some() {
        of_partner::page(conn, wanted, last, limit).await
    } else {
        of_all::page(conn, wanted, last, limit).await
    };
    Ok(found?.into_iter().map(PaymentId::from_uuid).collect())
}

/// Of one order reference there are few: a caller has one that has not failed, and whatever failed before.
async fn of_reference(
    conn: &mut PgConnection,
    wanted: &Wanted,
    last: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Uuid>, sqlx::Error> {
    let is_ascending = matches!(wanted.sort, Sort::Oldest | Sort::Smallest);
    let by_amount = matches!(wanted.sort, Sort::Largest | Sort::Smallest);
    sqlx::query_file_scalar!(
        "src/store/list_of_reference.sql",
        wanted.order_reference,
        wanted.status.map(PaymentStatus::as_str),
        wanted.partner_id.map(PartnerId::as_uuid),
        wanted.currency,
        wanted.amount_from_minor,
        wanted.amount_to_minor,
        wanted.created_from,
        wanted.created_to,
        is_ascending,
        by_amount,
        last,
        wanted.last_minor,
        limit,
        wanted.last_four
    )
    .fetch_all(conn)
    .await
}

/// Whether amounts are bounded.
fn has_amounts(wanted: &Wanted) -> bool {
    wanted.amount_from_minor.or(wanted.amount_to_minor).is_some()
}

/// Every currency, if amounts are wanted and none is named: the index by amounts begins with the currency.
fn any_currency(wanted: &Wanted) -> Option<Vec<String>> {
    (has_amounts(wanted) && wanted.currency.is_none())
        .then(|| Currency::all().map(|code| code.as_str().to_owned()).collect())
}

/// The smallest identifier of that millisecond.
fn first_at(at: DateTime<Utc>) -> Uuid {
    let millis = u128::try_from(at.timestamp_millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bounds_of_an_instant_hold_the_identifiers_made_then() {
        let at = DateTime::from_timestamp_millis(1_764_128_096_789).unwrap();
        let id = PaymentId::generate_at(1_764_128_096_789).as_uuid();
        assert!(first_at(at) <= id);
        assert!(id < first_at(at + TimeDelta::milliseconds(1)));
        assert_eq!(first_at(DateTime::UNIX_EPOCH - TimeDelta::days(1)), Uuid::nil());
    }
}
