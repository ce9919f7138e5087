//! Adds a version to a contract.

use bus::Outbox;
use ids::ContractId;
use once::Answer;

use super::keyed::{Entry, Reply, Request, enter, leave};
use super::write_versions;
use crate::domain::{Contract, NewVersion, follow};
use crate::error::Error;
use crate::store;

/// Adds the next version and tells of it. Two writers may both see the same last version; the number's constraint
/// lets one of them through, and the other one hears that its view is old.
pub(crate) async fn add_version(
    outbox: &Outbox,
    request: &Request,
    id: ContractId,
    new: &NewVersion,
    show: impl FnOnce(&Contract) -> Result<Answer, Error>,
) -> Result<Reply, Error> {
    let (mut work, granted) = match enter(outbox, request).await? {
        Entry::Do(work, granted) => (work, granted),
        Entry::Done(reply) => return Ok(reply),
    };
    let mut contract = store::contracts::find(work.conn(), id)
        .await?
        .ok_or(Error::NoContract(id))?;
    let last = contract
        .versions
        .last()
        .ok_or_else(|| Error::form(id, "a contract without a version"))?;
    let number = follow(last, new, request.now)?;
    let version = new.numbered(number, request.now, &request.caller);
    write_versions(&mut work, &[(&contract, &version)])
        .await
        .map_err(|error| match error {
            Error::Database(source) if taken(&source) => Error::VersionTaken(id),
            other => other,
        })?;
    contract.versions.push(version);
    let answer = show(&contract)?;
    leave(work, &granted, answer).await
}

fn taken(error: &sqlx::Error) -> bool {
    matches!(
        postgres::violated_constraint(error),
        Some("contract_versions_pk" | "contract_versions_day_unique")
    )
}
