//! Revoking an API key.

use contracts::Caller;
use ids::ApiKeyId;

use crate::Office;
use crate::error::Error;
use crate::store::api_keys;

/// Revokes a key; doing it again changes nothing. Keys are in no cache of this service, so the next question for it
/// is answered with no.
pub(crate) async fn revoke_key(office: &Office, caller: &Caller, id: ApiKeyId) -> Result<(), Error> {
    let mut work = office.outbox.begin().await?;
    let found = api_keys::revoke(work.conn(), id, office.clock.now()).await?;
    work.commit().await?;
    if !found {
        return Err(Error::NoKey);
    }
    tracing::info!(key = %id, by = caller.id, "an API key was revoked");
    Ok(())
}
