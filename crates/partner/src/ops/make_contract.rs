//! Makes a contract with its first version.

use bus::Outbox;
use ids::PartnerId;
use once::Answer;

use super::keyed::{Entry, Reply, Request, enter, leave};
use super::write_versions;
use crate::domain::{Contract, NewVersion};
use crate::error::Error;
use crate::store;

/// Makes a contract of `partner` and tells of its first version. That may begin in the past: what a partner sold
/// before waits for a contract. A closed partner may get one too, since what it sold is still settled.
pub(crate) async fn make_contract(
    outbox: &Outbox,
    request: &Request,
    partner: PartnerId,
    first: &NewVersion,
    show: impl FnOnce(&Contract) -> Result<Answer, Error>,
) -> Result<Reply, Error> {
    let (mut work, granted) = match enter(outbox, request).await? {
        Entry::Do(work, granted) => (work, granted),
        Entry::Done(reply) => return Ok(reply),
    };
    let contract = Contract::made(partner, first, request.now, &request.caller);
    let inserted = store::contracts::insert_missing(work.conn(), std::slice::from_ref(&contract))
        .await
        .map_err(|error| match error {
            Error::Database(source)
                if postgres::violated_constraint(&source) == Some("contracts_partner_fk") =>
            {
                Error::ContractOfNobody(partner)
            }
            other => other,
        })?;
    if inserted.is_empty() {
        return Err(Error::CurrencyTaken(partner, contract.currency));
    }
    let fresh: Vec<_> = contract.versions.iter().map(|v| (&contract, v)).collect();
    write_versions(&mut work, &fresh).await?;
    let answer = show(&contract)?;
    leave(work, &granted, answer).await
}
