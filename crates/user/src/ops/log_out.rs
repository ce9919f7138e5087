//! Logging out.

use ids::UserId;

use crate::Office;
use crate::domain::credential::{Credential, SESSION_PREFIX};
use crate::error::Error;
use crate::store::sessions;

/// Ends the session of that token. A token of someone else's ends nothing.
pub(crate) async fn log_out(office: &Office, user: UserId, token: Option<&str>) -> Result<(), Error> {
    let token = token
        .and_then(|text| Credential::parse(SESSION_PREFIX, text))
        .ok_or(Error::NoSession)?;
    let mut work = office.outbox.begin().await?;
    let ended = sessions::end(work.conn(), user, &token.hash()).await?;
    work.commit().await?;
    office.hints.forget(user).await;
    if ended { Ok(()) } else { Err(Error::NoSession) }
}
