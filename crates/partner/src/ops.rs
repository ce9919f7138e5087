//! What can be done with partners and contracts, one use case a file. Only here do transactions begin and commit.

mod accept_batch;
mod add_version;
mod change_partner;
mod keyed;
mod make_contract;
mod make_partner;
mod read;

pub(crate) use accept_batch::{Accepted, Item, Order, accept_batch};
pub(crate) use add_version::add_version;
pub(crate) use change_partner::change_partner;
pub(crate) use keyed::{Reply, Request};
pub(crate) use make_contract::make_contract;
pub(crate) use make_partner::make_partner;
pub(crate) use read::{commissions, contract, contracts, lookup, partner, partners};

use bus::Work;
use ids::ContractId;

use crate::domain::{self, Contract, Version};
use crate::error::Error;
use crate::store;

/// Writes versions with their commissions, and tells of them. The caller has inserted each version's contract, or
/// is the one writer who may have that version's number.
async fn write_versions(work: &mut Work, fresh: &[(&Contract, &Version)]) -> Result<(), Error> {
    let versions: Vec<(ContractId, &Version)> = fresh.iter().map(|(c, v)| (c.id, *v)).collect();
    store::versions::insert(work.conn(), &versions).await?;
    let commissions: Vec<_> = fresh
        .iter()
        .flat_map(|(contract, version)| domain::commissions(contract.id, version.number, &version.terms))
        .collect();
    store::commissions::insert(work.conn(), &commissions).await?;
    for (contract, version) in fresh {
        work.publish(&contract.changed(version), version.created_at)?;
    }
    Ok(())
}
