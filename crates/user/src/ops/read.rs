//! Reading users, roles and keys.

use contracts::Caller;
use ids::{ApiKeyId, UserId};
use uuid::Uuid;

use crate::Office;
use crate::error::Error;
use crate::store::api_keys::{self, ApiKey};
use crate::store::roles::{self, RoleRow};
use crate::store::users::{self, User};

/// A user. The cache saves the second query where it holds the version that the first one names.
pub(crate) async fn user(office: &Office, id: UserId) -> Result<User, Error> {
    let db = office.outbox.db();
    let version = users::version(db.pool(), id).await?.ok_or(Error::NoUser)?;
    if let Some(user) = office.hints.user(id, version).await {
        return Ok(user);
    }
    let mut conn = db.pool().acquire().await?;
    let user = users::get(&mut conn, id).await?.ok_or(Error::NoUser)?;
    office.hints.put_user(&user).await;
    Ok(user)
}

/// The user that the caller is; none where the caller is a key or a service.
pub(crate) async fn user_of(office: &Office, caller: &Caller) -> Result<Option<User>, Error> {
    match caller.id.parse::<UserId>() {
        Ok(id) => user(office, id).await.map(Some),
        Err(_) => Ok(None),
    }
}

/// The key that the caller is; none where the caller is a user or a service.
pub(crate) async fn key_of(office: &Office, caller: &Caller) -> Result<Option<ApiKey>, Error> {
    match caller.id.parse::<ApiKeyId>() {
        Ok(id) => Ok(api_keys::get(office.outbox.db().pool(), id).await?),
        Err(_) => Ok(None),
    }
}

/// One page of users and one more, newest first.
pub(crate) async fn users(office: &Office, last: Option<Uuid>, limit: u16) -> Result<Vec<User>, Error> {
    Ok(users::page(office.outbox.db().pool(), last, i64::from(limit) + 1).await?)
}

/// One page of keys and one more, newest first.
pub(crate) async fn keys(office: &Office, last: Option<Uuid>, limit: u16) -> Result<Vec<ApiKey>, Error> {
    Ok(api_keys::page(office.outbox.db().pool(), last, i64::from(limit) + 1).await?)
}

/// The roles that can be given.
pub(crate) async fn roles(office: &Office) -> Result<Vec<RoleRow>, Error> {
    Ok(roles::all(office.outbox.db().pool()).await?)
}
