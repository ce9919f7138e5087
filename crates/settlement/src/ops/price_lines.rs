//! Prices lines, of payments that come in and of payments that waited, in the same way, and with them what refunds and
//! disputes took back of them meanwhile.

use std::collections::{BTreeSet, HashMap};

use bus::Work;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::take_back::appraise;
use super::write_lines::{Beside, Placed, write};
use crate::Error;
use crate::domain::contract::{Account, Versions};
use crate::domain::line::{LineKey, SaleLine};
use crate::domain::pricing::{Price, price};
use crate::domain::reversal::Original;
use crate::domain::window::{Placement, place};
use crate::store::{balances, contracts as known, waiting_disputed_lines, waiting_reversals};

/// A line without a price, and why the contract in force could not give it one; none where none was in force.
pub(super) type Unpriced<'a> = (&'a SaleLine, Option<String>);

/// Prices what can be priced, writes it, and publishes it by payment; returns the rest. From the first lock on, none
/// of the accounts is settled any further, no version of their contracts comes in, and no refund or dispute of their
/// lines is put aside, until `work` ends.
pub(super) async fn price_lines<'a>(
    work: &mut Work,
    lines: &'a [SaleLine],
    now: DateTime<Utc>,
) -> Result<Vec<Unpriced<'a>>, Error> {
    let accounts: BTreeSet<Account> = lines.iter().map(|line| line.account).collect();
    let accounts: Vec<Account> = accounts.into_iter().collect();
    // The lock comes first: whoever records a version, or puts a refund or dispute aside, takes it too, so that a line
    // which these versions can't price is seen there and priced by the next, and what takes back of a line without a
    // price is seen here.
    let closed = balances::share(work.conn(), &accounts, now).await?;
    let versions = known::of(work.conn(), &accounts).await?;

    let mut placed: Vec<Placed<'_>> = Vec::with_capacity(lines.len());
    let mut unpriced = Vec::new();
    for line in lines {
        let closed_through = closed.get(&line.account).copied().flatten();
        let of_account = versions.get(&line.account);
        match of_account.map_or(Ok(None), |of| appraise_sale(of, line, closed_through)) {
            Ok(Some((placement, price))) => placed.push(Placed {
                line,
                placement,
                price,
            }),
            Ok(None) => unpriced.push((line, None)),
            Err(problem) => unpriced.push((line, Some(problem))),
        }
    }
    if placed.is_empty() {
        return Ok(unpriced);
    }

    let originals = || placed.iter().map(|p| p.line.key());
    let gone_back = waiting_reversals::of_lines(work.conn(), originals()).await?;
    let in_dispute = waiting_disputed_lines::of_lines(work.conn(), originals()).await?;
    let originals = if gone_back.is_empty() && in_dispute.is_empty() {
        HashMap::new()
    } else {
        originals_of(&placed)
    };
    let refunded = appraise(&gone_back, &originals, &versions, &closed);
    let disputed = appraise(&in_dispute, &originals, &versions, &closed);
    let beside = Beside {
        refunded: &refunded.done,
        disputed: &disputed.done,
    };
    write(work, &placed, beside, now).await?;
    let ids: Vec<Uuid> = refunded.done.iter().map(|done| done.line.id.as_uuid()).collect();
    waiting_reversals::remove(work.conn(), &ids).await?;
    waiting_reversals::note(work.conn(), &refunded.problems).await?;
    let ids: Vec<Uuid> = disputed.done.iter().map(|done| done.line.id.as_uuid()).collect();
    waiting_disputed_lines::remove(work.conn(), &ids).await?;
    waiting_disputed_lines::note(work.conn(), &disputed.problems).await?;
    Ok(unpriced)
}

fn originals_of(placed: &[Placed<'_>]) -> HashMap<LineKey, Original> {
    let original = |p: &Placed<'_>| Some((p.line.key(), Original::of(p.line, &p.placement, &p.price)?));
    placed.iter().filter_map(original).collect()
}

/// Where a line goes and what it earns; the error is for whoever reads the list of waiting lines.
fn appraise_sale<'a>(
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
