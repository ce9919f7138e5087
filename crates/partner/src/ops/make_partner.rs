//! Makes a partner.

use bus::Outbox;
use contracts::events::PartnerChanged;
use once::Answer;

use super::keyed::{Entry, Reply, Request, enter, leave};
use crate::domain::{NewPartner, Partner};
use crate::error::Error;
use crate::store;

/// Makes a partner and tells of it; `show` says how it is answered.
pub(crate) async fn make_partner(
    outbox: &Outbox,
    request: &Request,
    new: &NewPartner,
    show: impl FnOnce(&Partner) -> Result<Answer, Error>,
) -> Result<Reply, Error> {
    let (mut work, granted) = match enter(outbox, request).await? {
        Entry::Do(work, granted) => (work, granted),
        Entry::Done(reply) => return Ok(reply),
    };
    let partner = new.made(request.now);
    let inserted = store::partners::insert_missing(work.conn(), std::slice::from_ref(&partner)).await?;
    if inserted.is_empty() {
        return Err(Error::ReferenceTaken(partner.reference));
    }
    work.publish(&PartnerChanged::from(&partner), request.now)?;
    let answer = show(&partner)?;
    leave(work, &granted, answer).await
}
