//! Reads.

use bus::Outbox;
use contracts::events::{ContractChanged, PartnerChanged, PartnerStatus};
use contracts::internal::PartnerLookupAnswer;
use ids::{ContractId, PartnerId};
use uuid::Uuid;

use crate::domain::{Commission, Contract, Partner};
use crate::error::Error;
use crate::store;

/// The partner of that id.
pub(crate) async fn partner(outbox: &Outbox, id: PartnerId) -> Result<Partner, Error> {
    let mut conn = outbox.db().pool().acquire().await?;
    store::partners::find(&mut conn, id)
        .await?
        .ok_or(Error::NoPartner(id))
}

/// At most `limit` partners before `before`, the newest first.
pub(crate) async fn partners(
    outbox: &Outbox,
    reference: Option<&str>,
    status: Option<PartnerStatus>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Partner>, Error> {
    let mut conn = outbox.db().pool().acquire().await?;
    store::partners::page(&mut conn, reference, status, before, limit).await
}

/// The contract of that id, with its versions.
pub(crate) async fn contract(outbox: &Outbox, id: ContractId) -> Result<Contract, Error> {
    let mut conn = outbox.db().pool().acquire().await?;
    store::contracts::find(&mut conn, id)
        .await?
        .ok_or(Error::NoContract(id))
}

/// At most `limit` contracts before `before`, the newest first.
pub(crate) async fn contracts(
    outbox: &Outbox,
    partner: Option<PartnerId>,
    before: Option<Uuid>,
    limit: i64,
) -> Result<Vec<Contract>, Error> {
    let mut conn = outbox.db().pool().acquire().await?;
    store::contracts::page(&mut conn, partner, before, limit).await
}

/// The commissions of all versions of a contract.
pub(crate) async fn commissions(outbox: &Outbox, id: ContractId) -> Result<Vec<Commission>, Error> {
    let mut conn = outbox.db().pool().acquire().await?;
    let found = store::commissions::of(&mut conn, id).await?;
    // Every version has one at least, so none means that there is no contract.
    if found.is_empty() {
        return Err(Error::NoContract(id));
    }
    Ok(found)
}

/// What is known of those partners, as the events tell it.
pub(crate) async fn lookup(outbox: &Outbox, ids: &[PartnerId]) -> Result<PartnerLookupAnswer, Error> {
    let mut conn = outbox.db().pool().acquire().await?;
    let partners = store::partners::find_all(&mut conn, ids).await?;
    let contracts = store::contracts::of_partners(&mut conn, ids).await?;
    let versions = |contract: &Contract| -> Vec<ContractChanged> {
        contract.versions.iter().map(|v| contract.changed(v)).collect()
    };
    Ok(PartnerLookupAnswer {
        partners: partners.iter().map(PartnerChanged::from).collect(),
        contracts: contracts.iter().flat_map(versions).collect(),
    })
}
