//! Prices lines that waited for a contract, in chunks, so that a huge backlog holds nobody up.

use bus::Outbox;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::price_lines::price_lines;
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::line::SaleLine;
use crate::store::{pricing_requests, waiting};

/// Lines priced in one transaction at most.
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
    if !lines.is_empty() {
        price_chunk(&mut work, &lines, now).await?;
    }
    if i64::try_from(lines.len()).unwrap_or(CHUNK) < CHUNK {
        pricing_requests::remove(work.conn(), &ids).await?;
    }
    work.commit().await?;
    Ok(true)
}

async fn price_chunk(work: &mut bus::Work, lines: &[SaleLine], now: DateTime<Utc>) -> Result<(), Error> {
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
