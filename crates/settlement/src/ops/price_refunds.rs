//! Takes in refunds: writes what they take back of priced lines, or puts it aside until the line has a price.

use std::collections::BTreeSet;

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::PaymentRefunded;
use ids::PaymentId;

use super::take_back::{Appraised, appraise};
use super::write_lines::{Beside, write};
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::reversal::Reversal;
use crate::domain::takes_back::TakesBack as _;
use crate::store::{balances, contracts as known, details, pricing_requests, waiting, waiting_reversals};

/// Takes in refunds, and refunds that were reversed, each for the first time. The caller commits.
///
/// A refund may come before its payment, and while its line waits for a contract: topics have no order among each other.
pub async fn price_refunds(
    work: &mut Work,
    refunds: &[PaymentRefunded],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut reversals: Vec<Reversal> = Vec::new();
    for refund in refunds {
        reversals.extend(Reversal::of(refund).map_err(|reason| Error::RefundUnfit {
            payment_id: refund.payment_id,
            refund_id: refund.transaction_id,
            reason,
        })?);
    }
    if reversals.is_empty() {
        return Ok(());
    }
    let payments: BTreeSet<PaymentId> = reversals.iter().map(|r| r.payment_id).collect();
    // Whoever prices waiting lines of these payments tells of them under the same number as this would. Before any
    // other lock, as there.
    waiting::hold_still(work.conn(), payments).await?;
    let accounts: BTreeSet<Account> = reversals.iter().map(|r| r.account).collect();
    let accounts: Vec<Account> = accounts.into_iter().collect();
    let lines = || reversals.iter().map(Reversal::key);
    let mut originals = details::originals(work.conn(), lines()).await?;
    if lines().any(|line| !originals.contains_key(&line)) {
        // Perhaps somebody is pricing them at this moment. From here on nobody does: either the price is seen below, or
        // whoever prices the line later sees what is put aside here.
        balances::lock(work.conn(), &accounts, now).await?;
        originals = details::originals(work.conn(), lines()).await?;
    }
    let closed = balances::share(work.conn(), &accounts, now).await?;
    let versions = known::of(work.conn(), &accounts).await?;

    let Appraised {
        done,
        problems,
        early,
    } = appraise(&reversals, &originals, &versions, &closed);
    write(work, &[], Beside::refunded(&done), now).await?;
    let early_accounts: BTreeSet<Account> = early.iter().map(|r| r.account).collect();
    let early = early.into_iter().map(|reversal| (reversal, None));
    let aside = early.chain(
        problems
            .into_iter()
            .map(|(reversal, problem)| (reversal, Some(problem))),
    );
    waiting_reversals::add(work.conn(), &aside.collect::<Vec<_>>(), now).await?;
    // A copy of 0.1.0, which knows nothing of refunds, may be pricing their lines: have them looked at once more.
    let early_accounts: Vec<Account> = early_accounts.into_iter().collect();
    pricing_requests::add(work.conn(), &early_accounts).await?;
    Ok(())
}
