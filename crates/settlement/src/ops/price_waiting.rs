//! Prices lines that waited for a contract, and what refunds and disputes take back that waited for its line or for a
//! window, in chunks, so that a huge backlog holds nobody up.

use bus::{Outbox, Work};
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::price_lines::price_lines;
use super::take_back::appraise;
use super::write_lines::{Beside, write};
use crate::Error;
use crate::domain::claim::Claim;
use crate::domain::contract::Account;
use crate::domain::line::SaleLine;
use crate::domain::reversal::Reversal;
use crate::domain::takes_back::TakesBack as _;
use crate::store::{
    balances, contracts as known, details, pricing_requests, waiting, waiting_disputed_lines,
    waiting_reversals,
};

/// Lines, reversals, and disputed lines, priced in one transaction at most.
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
    let claims = waiting_disputed_lines::priceable(work.conn(), &accounts, CHUNK).await?;
    if !(lines.is_empty() && reversals.is_empty() && claims.is_empty()) {
        // All at once, since all take these locks in one order.
        balances::share(work.conn(), &accounts, now).await?;
    }
    if !lines.is_empty() {
        price_chunk(&mut work, &lines, now).await?;
    }
    if !(reversals.is_empty() && claims.is_empty()) {
        take_back_chunk(&mut work, &reversals, &claims, &accounts, now).await?;
    }
    let more = lines.len().max(reversals.len()).max(claims.len());
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

/// What takes back of lines that have a price: what could not be placed before, and what is of lines that a copy priced
/// which knows nothing of refunds and disputes.
async fn take_back_chunk(
    work: &mut Work,
    reversals: &[Reversal],
    claims: &[Claim],
    accounts: &[Account],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let closed = balances::share(work.conn(), accounts, now).await?;
    let versions = known::of(work.conn(), accounts).await?;
    let lines = reversals.iter().map(Reversal::key);
    let lines = lines.chain(claims.iter().map(Claim::key));
    let originals = details::originals(work.conn(), lines).await?;
    let refunded = appraise(reversals, &originals, &versions, &closed);
    let disputed = appraise(claims, &originals, &versions, &closed);
    let beside = Beside {
        refunded: &refunded.done,
        disputed: &disputed.done,
    };
    write(work, &[], beside, now).await?;
    let ids: Vec<Uuid> = refunded.done.iter().map(|done| done.line.id.as_uuid()).collect();
    waiting_reversals::remove(work.conn(), &ids).await?;
    waiting_reversals::note(work.conn(), &refunded.problems).await?;
    let ids: Vec<Uuid> = disputed.done.iter().map(|done| done.line.id.as_uuid()).collect();
    waiting_disputed_lines::remove(work.conn(), &ids).await?;
    waiting_disputed_lines::note(work.conn(), &disputed.problems).await?;
    let problems = refunded.problems.len() + disputed.problems.len();
    if problems > 0 {
        tracing::warn!(
            lines = problems,
            "refunded or disputed lines could not be placed by the contract in force"
        );
    }
    Ok(())
}
