//! Takes in disputes: writes what they take of priced lines or give back, or puts it aside until the line has a price.

use std::collections::BTreeSet;

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::DisputeChanged;
use ids::PaymentId;

use super::take_back::{Appraised, appraise};
use super::write_lines::{Beside, write};
use crate::Error;
use crate::domain::claim::Claim;
use crate::domain::contract::Account;
use crate::domain::takes_back::TakesBack as _;
use crate::store::{
    balances, contracts as known, details, pricing_requests, waiting, waiting_disputed_lines,
};

/// Takes in changes of disputes, each for the first time; those that moved no money change nothing. The caller commits.
///
/// One may come before its payment, and while its line waits for a contract: topics have no order among each other.
pub async fn price_disputes(
    work: &mut Work,
    changes: &[DisputeChanged],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut claims: Vec<Claim> = Vec::new();
    for change in changes {
        claims.extend(Claim::of(change).map_err(|reason| Error::DisputeUnfit {
            payment_id: change.payment_id,
            dispute_id: change.dispute_id,
            reason,
        })?);
    }
    if claims.is_empty() {
        return Ok(());
    }
    let payments: BTreeSet<PaymentId> = claims.iter().map(|claim| claim.payment_id).collect();
    // The locks are those of refunds, in the same order and for the same reasons.
    waiting::hold_still(work.conn(), payments).await?;
    let accounts: BTreeSet<Account> = claims.iter().map(|claim| claim.account).collect();
    let accounts: Vec<Account> = accounts.into_iter().collect();
    let lines = || claims.iter().map(Claim::key);
    let mut originals = details::originals(work.conn(), lines()).await?;
    if lines().any(|line| !originals.contains_key(&line)) {
        balances::lock(work.conn(), &accounts, now).await?;
        originals = details::originals(work.conn(), lines()).await?;
    }
    let closed = balances::share(work.conn(), &accounts, now).await?;
    let versions = known::of(work.conn(), &accounts).await?;

    let Appraised {
        done,
        problems,
        early,
    } = appraise(&claims, &originals, &versions, &closed);
    write(work, &[], Beside::disputed(&done), now).await?;
    let early_accounts: BTreeSet<Account> = early.iter().map(|claim| claim.account).collect();
    let early = early.into_iter().map(|claim| (claim, None));
    let aside = early.chain(
        problems
            .into_iter()
            .map(|(claim, problem)| (claim, Some(problem))),
    );
    waiting_disputed_lines::add(work.conn(), &aside.collect::<Vec<_>>(), now).await?;
    // A copy of 0.1.0, which knows nothing of disputes, may be pricing their lines: have them looked at once more.
    let early_accounts: Vec<Account> = early_accounts.into_iter().collect();
    pricing_requests::add(work.conn(), &early_accounts).await?;
    Ok(())
}
