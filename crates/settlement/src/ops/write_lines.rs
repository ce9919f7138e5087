//! Writes lines that have a place and a price, sales and what takes back of them alike, and tells of them.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::{PricedLine, SettlementLinesPriced};
use ids::PaymentId;
use uuid::Uuid;

use crate::Error;
use crate::domain::claim::PricedClaim;
use crate::domain::line::SaleLine;
use crate::domain::pricing::Price;
use crate::domain::reversal::Reversed;
use crate::domain::window::{Placement, WindowKey};
use crate::store::details::{self, PricedDetail};
use crate::store::{disputed_lines, reversals, windows};

/// A line with its place and its price.
pub(super) struct Placed<'a> {
    pub(super) line: &'a SaleLine,
    pub(super) placement: Placement<'a>,
    pub(super) price: Price,
}

/// What stands beside sales.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a> {
    pub(super) refunded: &'a [Reversed<'a>],
    pub(super) disputed: &'a [PricedClaim<'a>],
}

impl<'a> Beside<'a> {
    /// Reversals alone.
    pub(super) fn refunded(refunded: &'a [Reversed<'a>]) -> Self {
        Self {
            refunded,
            disputed: &[],
        }
    }

    /// The payments that they are of.
    fn payments(&self) -> Vec<Uuid> {
        let refunded = self.refunded.iter().map(|r| r.line.payment_id);
        let disputed = self.disputed.iter().map(|d| d.line.payment_id);
        let payments: BTreeSet<PaymentId> = refunded.chain(disputed).collect();
        payments.into_iter().map(PaymentId::as_uuid).collect()
    }

    /// What disputes took or gave back, alone.
    pub(super) fn disputed(disputed: &'a [PricedClaim<'a>]) -> Self {
        Self {
            refunded: &[],
            disputed,
        }
    }
}

/// Writes lines, what takes back of them among them, and publishes them by payment. The caller holds the balances of their
/// accounts.
pub(super) async fn write(
    work: &mut Work,
    sales: &[Placed<'_>],
    beside: Beside<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let lines = || {
        let sales = sales.iter().map(|s| (s.line, &s.placement, &s.price));
        let refunded = beside.refunded.iter().map(|r| (&r.line, &r.placement, &r.price));
        let disputed = beside.disputed.iter().map(|d| (&d.line, &d.placement, &d.price));
        sales.chain(refunded).chain(disputed)
    };
    let keys: HashSet<WindowKey> = lines().map(|(_, placement, _)| placement.window).collect();
    if keys.is_empty() {
        return Ok(());
    }
    let keys: Vec<WindowKey> = keys.into_iter().collect();
    // All at once, and in one order: two transactions that need the same new windows wait and don't deadlock.
    let window_ids = windows::ensure(work.conn(), &keys, now).await?;
    let rows: Vec<PricedDetail<'_>> = lines()
        .map(|(line, placement, price)| {
            let window_id = window_ids
                .get(&placement.window)
                .ok_or(sqlx::Error::RowNotFound)?;
            Ok(PricedDetail {
                line,
                price: *price,
                version: placement.version,
                window_id: *window_id,
                sold_on: placement.sold_on,
                calendar_version: placement.calendar_version,
            })
        })
        .collect::<Result<_, sqlx::Error>>()?;
    details::insert(work.conn(), &rows, now).await?;
    // Refunds and disputes of one payment come by different topics, at the same time. Locked last, so that who waits here
    // keeps nobody from going on.
    let payments = beside.payments();
    if !payments.is_empty() {
        details::hold(work.conn(), &payments).await?;
    }
    reversals::insert(work.conn(), beside.refunded).await?;
    disputed_lines::insert(work.conn(), beside.disputed).await?;
    publish(work, &rows, now)?;
    metrics::counter!("jeongsan_settlement_lines_priced_total")
        .increment(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    Ok(())
}

/// One event a payment. The rows inserted in this work are the lock: two works with sales of one payment meet at the
/// payment's waiting lines, or not at all, and two that take back of it at its priced lines.
fn publish(work: &mut Work, rows: &[PricedDetail<'_>], now: DateTime<Utc>) -> Result<(), Error> {
    let mut by_payment: BTreeMap<PaymentId, Vec<&PricedDetail<'_>>> = BTreeMap::new();
    for row in rows {
        by_payment.entry(row.line.payment_id).or_default().push(row);
    }
    for (payment_id, rows) in by_payment {
        let Some(first) = rows.first() else { continue };
        let event = SettlementLinesPriced {
            payment_id,
            sold_at: first.line.sold_at,
            lines: rows.iter().map(|row| line_of(row)).collect(),
        };
        work.publish(&event, now)?;
    }
    Ok(())
}

fn line_of(row: &PricedDetail<'_>) -> PricedLine {
    let PricedDetail {
        line,
        price,
        version,
        window_id,
        ..
    } = row;
    PricedLine {
        detail_id: line.id,
        line_number: line.line_number,
        partner_id: line.account.partner_id,
        currency: line.account.currency,
        gross_minor: price.gross_minor,
        partner_discount_minor: line.partner_discount_minor,
        platform_discount_minor: line.platform_discount_minor,
        fee_minor: price.fee_minor,
        fee_vat_minor: price.fee_vat_minor,
        fee_vat_borne_by: price.fee_vat_borne_by,
        shipping_minor: line.shipping_minor,
        net_minor: price.net_minor,
        contract_id: version.contract_id,
        contract_version: version.version,
        window_id: *window_id,
    }
}
