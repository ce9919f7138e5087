//! Keeps every version of every contract, and has the lines priced that waited for it.

use std::collections::BTreeSet;

use bus::Work;
use chrono::{DateTime, Utc};
use contracts::events::ContractChanged;

use super::refresh_schedules::refresh;
use crate::Error;
use crate::domain::contract::{Account, ContractVersion};
use crate::store::{
    balances, contracts as known, pricing_requests, waiting, waiting_disputed_lines, waiting_reversals,
};

/// Keeps these versions. Waiting lines are priced by the worker, not here: there may be very many. The caller
/// commits.
pub async fn record_contracts(
    work: &mut Work,
    changes: Vec<ContractChanged>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let versions: Vec<ContractVersion> = changes
        .into_iter()
        .map(|change| ContractVersion {
            contract_id: change.contract_id,
            version: change.version,
            account: Account {
                partner_id: change.partner_id,
                currency: change.terms.currency,
            },
            valid_from: change.valid_from,
            terms: change.terms,
        })
        .collect();
    let accounts: BTreeSet<Account> = versions.iter().map(|v| v.account).collect();
    let accounts: Vec<Account> = accounts.into_iter().collect();
    // Lines that are being looked at now, by the versions before these, are seen below.
    balances::lock(work.conn(), &accounts, now).await?;
    known::record(work.conn(), &versions, now).await?;
    refresh(work, &accounts, now).await?;
    waiting::clear_problems(work.conn(), &accounts).await?;
    waiting_reversals::clear_problems(work.conn(), &accounts).await?;
    waiting_disputed_lines::clear_problems(work.conn(), &accounts).await?;
    pricing_requests::add(work.conn(), &accounts).await?;
    Ok(())
}
