//! Prices lines that waited for a contract, and reversals that waited for their line or for a window, in chunks, so that
//! a huge backlog holds nobody up.

use bus::{Outbox, Work};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::price_lines::price_lines;
use super::reverse_lines::{Appraised, appraise};
use super::write_lines::write;
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::line::SaleLine;
use crate::domain::reversal::Reversal;
use crate::store::{balances, contracts as known, details, pricing_requests, waiting, waiting_reversals};

/// Lines, and reversals, priced in one transaction at most.
const CHUNK: i64 = 1_000;
/// Requests looked at in one transaction at most.
const REQUESTS: i64 = 200;

/// Works on one chunk. Returns false where there was nothing to do; copies that do this at once share the work out.
pub async fn price_waiting(outbox: &Outbox, now: DateTime<Utc>) -> Result<bool, Error> {
    let mut work = outbox.begin().await?;
    let requests = pricing_requests::take(work.conn(), REQUESTS).await?;
    if requests.is_empty() {
        return Ok(false);
    }
    let (ids, mut accounts): (Vec<i64>, Vec<Account>) = requests.into_iter().unzip();
    accounts.sort_unstable();
    accounts.dedup();
    let lines = waiting::priceable(work.conn(), &accounts, CHUNK).await?;
    let reversals = waiting_reversals::priceable(work.conn(), &accounts, CHUNK).await?;
    if !(lines.is_empty() && reversals.is_empty()) {
        // All at once, since all take these locks in one order.
        balances::share(work.conn(), &accounts, now).await?;
    }
    if !lines.is_empty() {
        price_chunk(&mut work, &lines, now).await?;
    }
    if !reversals.is_empty() {
        reverse_chunk(&mut work, &reversals, &accounts, now).await?;
    }
    let more = lines.len().max(reversals.len());
    if i64::try_from(more).unwrap_or(CHUNK) < CHUNK {
        pricing_requests::remove(work.conn(), &ids).await?;
    }
    work.commit().await?;
    Ok(true)
}

async fn price_chunk(work: &mut Work, lines: &[SaleLine], now: DateTime<Utc>) -> Result<(), Error> {
    let mut problems: Vec<(Uuid, String)> = Vec::new();
    for (line, problem) in price_lines(work, lines, now).await? {
        let problem = problem.unwrap_or_else(|| "no contract was in force at the sale".to_owned());
        problems.push((line.id.as_uuid(), problem));
    }
    let priced: Vec<Uuid> = lines
        .iter()
        .map(|line| line.id.as_uuid())
        .filter(|id| !problems.iter().any(|(unpriced, _)| unpriced == id))
        .collect();
    waiting::remove(work.conn(), &priced).await?;
    if !problems.is_empty() {
        tracing::warn!(
            lines = problems.len(),
            "waiting lines could not be priced by the contract in force"
        );
        waiting::note(work.conn(), &problems).await?;
    }
    Ok(())
}

/// Reversals whose originals have a price: those that could not be placed before, and those whose line was priced by a
/// copy that knows nothing of refunds.
async fn reverse_chunk(
    work: &mut Work,
    reversals: &[Reversal],
    accounts: &[Account],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let closed = balances::share(work.conn(), accounts, now).await?;
    let versions = known::of(work.conn(), accounts).await?;
    let lines = reversals.iter().map(Reversal::key);
    let originals = details::originals(work.conn(), lines).await?;
    let Appraised { done, problems, .. } = appraise(reversals, &originals, &versions, &closed);
    write(work, &[], &done, now).await?;
    let ids: Vec<Uuid> = done.iter().map(|done| done.line.id.as_uuid()).collect();
    waiting_reversals::remove(work.conn(), &ids).await?;
    if !problems.is_empty() {
        tracing::warn!(
            lines = problems.len(),
            "refunded lines could not be placed by the contract in force"
        );
        waiting_reversals::note(work.conn(), &problems).await?;
    }
    Ok(())
}
