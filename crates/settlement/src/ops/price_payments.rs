//! Takes in completed payments: prices their lines, or puts them aside until a contract comes.

use std::collections::BTreeSet;

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::PaymentCompleted;

use super::price_lines::price_lines;
use crate::Error;
use crate::domain::contract::Account;
use crate::domain::line::SaleLine;
use crate::store::{pricing_requests, waiting};

/// Takes in payments, each for the first time. The caller commits.
pub async fn price_payments(
    work: &mut Work,
    payments: &[PaymentCompleted],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let mut lines = Vec::new();
    for payment in payments {
        let of = SaleLine::of(payment).ok_or(Error::DiscountsOverflow(payment.payment_id))?;
        lines.extend(of);
    }
    if lines.is_empty() {
        return Ok(());
    }
    let unpriced = price_lines(work, &lines, now).await?;
    if unpriced.is_empty() {
        return Ok(());
    }
    waiting::add(work.conn(), &unpriced, now).await?;
    // A contract may have come since this transaction looked: have it looked at once more.
    let accounts: BTreeSet<Account> = unpriced
        .iter()
        .filter(|(_, problem)| problem.is_none())
        .map(|(line, _)| line.account)
        .collect();
    let accounts: Vec<Account> = accounts.into_iter().collect();
    pricing_requests::add(work.conn(), &accounts).await?;
    Ok(())
}
