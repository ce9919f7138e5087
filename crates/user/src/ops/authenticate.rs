//! Who shows this credential?

use contracts::internal::Credential as Shown;
use contracts::{Caller, Role};
use ids::UserId;

use crate::Office;
use crate::domain::credential::{Credential, KEY_PREFIX, SESSION_PREFIX};
use crate::domain::expiry;
use crate::error::Error;
use crate::hints::SessionHint;
use crate::store::{api_keys, sessions, user_roles};

/// The caller, or none where the credential is unknown, expired or revoked.
pub(crate) async fn authenticate(office: &Office, shown: &Shown) -> Result<Option<Caller>, Error> {
    match shown {
        Shown::ApiKey { key } => match Credential::parse(KEY_PREFIX, key) {
            Some(key) => by_key(office, &key).await,
            None => Ok(None),
        },
        Shown::Session { token } => match Credential::parse(SESSION_PREFIX, token) {
            Some(token) => by_session(office, &token).await,
            None => Ok(None),
        },
    }
}

async fn by_key(office: &Office, key: &Credential) -> Result<Option<Caller>, Error> {
    let now = office.clock.now();
    let Some(live) = api_keys::live(office.outbox.db().pool(), &key.hash(), now).await? else {
        return Ok(None);
    };
    if expiry::is_worth_noting(live.last_used_at, now) {
        let mut work = office.outbox.begin().await?;
        api_keys::note_use(work.conn(), live.id, now).await?;
        work.commit().await?;
    }
    Ok(Some(Caller {
        id: live.id.to_string(),
        roles: live.roles,
    }))
}

async fn by_session(office: &Office, token: &Credential) -> Result<Option<Caller>, Error> {
    let now = office.clock.now();
    let pool = office.outbox.db().pool();
    let Some(live) = sessions::live(pool, &token.hash(), now).await? else {
        return Ok(None);
    };
    if let Some(expires_at) = expiry::renewed(live.expires_at, now) {
        let mut work = office.outbox.begin().await?;
        sessions::renew(work.conn(), live.id, expires_at).await?;
        work.commit().await?;
    }
    let roles = roles(office, live.user, live.version).await?;
    Ok(Some(Caller {
        id: live.user.to_string(),
        roles,
    }))
}

/// The roles of a user, from the hint where that is of the user's present version.
async fn roles(office: &Office, user: UserId, version: i32) -> Result<Vec<Role>, Error> {
    if let Some(hint) = office.hints.session(user, version).await {
        return Ok(hint.roles);
    }
    let roles = user_roles::of(office.outbox.db().pool(), user).await?;
    let hint = SessionHint { version, roles };
    office.hints.put_session(user, &hint).await;
    Ok(hint.roles)
}
