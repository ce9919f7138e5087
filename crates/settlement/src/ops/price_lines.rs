//! Prices lines, of payments that come in and of payments that waited, in the same way.

use std::collections::{BTreeMap, BTreeSet};

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::{PricedLine, SettlementLinesPriced};
use ids::{PaymentId, WindowId};

use crate::Error;
use crate::domain::contract::{Account, Versions};
use crate::domain::line::SaleLine;
use crate::domain::pricing::{Price, price};
use crate::domain::window::{Placement, WindowKey, place};
use crate::store::details::PricedDetail;
use crate::store::{balances, contracts as known, details, windows};

/// A line without a price, and why the contract in force could not give it one; none where none was in force.
pub(super) type Unpriced<'a> = (&'a SaleLine, Option<String>);

/// Prices what can be priced, writes it, and publishes it by payment; returns the rest. From the first lock on, none
/// of the accounts is settled any further, and no version of their contracts comes in, until `work` ends.
pub(super) async fn price_lines<'a>(
    work: &mut Work,
    lines: &'a [SaleLine],
    now: DateTime<Utc>,
) -> Result<Vec<Unpriced<'a>>, Error> {
    let accounts: BTreeSet<Account> = lines.iter().map(|line| line.account).collect();
    let accounts: Vec<Account> = accounts.into_iter().collect();
    // The lock comes first: whoever records a version takes it too, so that a line which these versions can't price is
    // seen there, and priced by the next.
    let closed = balances::share(work.conn(), &accounts, now).await?;
    let versions = known::of(work.conn(), &accounts).await?;

    let mut placed: Vec<(&SaleLine, Placement<'_>, Price)> = Vec::with_capacity(lines.len());
    let mut unpriced = Vec::new();
    for line in lines {
        let closed_through = closed.get(&line.account).copied().flatten();
        let of_account = versions.get(&line.account);
        match of_account.map_or(Ok(None), |of| appraise(of, line, closed_through)) {
            Ok(Some((placement, price))) => placed.push((line, placement, price)),
            Ok(None) => unpriced.push((line, None)),
            Err(problem) => unpriced.push((line, Some(problem))),
        }
    }
    if placed.is_empty() {
        return Ok(unpriced);
    }

    let keys: std::collections::HashSet<WindowKey> = placed.iter().map(|(_, p, _)| p.window).collect();
    let keys: Vec<WindowKey> = keys.into_iter().collect();
    let window_ids = windows::ensure(work.conn(), &keys, now).await?;
    let rows: Vec<PricedDetail<'_>> = placed
        .iter()
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
    publish(work, &rows, now)?;
    metrics::counter!("jeongsan_settlement_lines_priced_total")
        .increment(u64::try_from(rows.len()).unwrap_or(u64::MAX));
    Ok(unpriced)
}

/// Where a line goes and what it earns; the error is for whoever reads the list of waiting lines.
fn appraise<'a>(
    versions: &'a Versions,
    line: &SaleLine,
    closed_through: Option<chrono::NaiveDate>,
) -> Result<Option<(Placement<'a>, Price)>, String> {
    let placement = place(versions, line.account, line.sold_at, closed_through).map_err(|e| e.to_string())?;
    placement
        .map(|placement| {
            let price = price(&placement.version.terms, line).map_err(|e| e.to_string())?;
            Ok((placement, price))
        })
        .transpose()
}

/// One event a payment. The rows inserted in this work are the lock: two works with lines of one payment meet at
/// the payment's waiting lines, or not at all.
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
    let window_id: WindowId = *window_id;
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
        window_id,
    }
}
