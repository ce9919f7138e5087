//! Making an API key.

use chrono::{DateTime, Utc};
use contracts::{Caller, Role};
use ids::ApiKeyId;

use crate::Office;
use crate::domain::credential::{Credential, KEY_PREFIX};
use crate::domain::roles::Granted;
use crate::error::Error;
use crate::store::api_keys::{self, ApiKey, Fresh};

/// A key as wanted.
pub(crate) struct NewKey {
    pub(crate) name: String,
    pub(crate) roles: Vec<Role>,
    pub(crate) expires_at: Option<DateTime<Utc>>,
}

/// Makes a key and returns it in plain, this once.
pub(crate) async fn make_key(
    office: &Office,
    caller: &Caller,
    wanted: &NewKey,
) -> Result<(ApiKey, Credential), Error> {
    let now = office.clock.now();
    let roles = check(wanted, now)?;
    let key = Credential::of(KEY_PREFIX, &rand::random());
    let fresh = Fresh {
        id: ApiKeyId::generate(),
        name: wanted.name.trim(),
        key: &key,
        roles: &roles,
        created_by: &caller.id,
        now,
        expires_at: wanted.expires_at,
    };
    let mut work = office.outbox.begin().await?;
    let made = api_keys::insert(work.conn(), &fresh).await?;
    work.commit().await?;
    tracing::info!(key = %made.id, name = made.name, by = caller.id, "an API key was made");
    Ok((made, key))
}

fn check(wanted: &NewKey, now: DateTime<Utc>) -> Result<Granted, Error> {
    let mut faults = Vec::new();
    let name = wanted.name.trim();
    if name.is_empty() || name.chars().count() > 100 || name.chars().any(char::is_control) {
        faults.push(Error::field(
            "/name",
            "give 1 to 100 characters that say what the key is for",
        ));
    }
    if wanted.expires_at.is_some_and(|end| end <= now) {
        faults.push(Error::field(
            "/expires_at",
            "give an instant to come, or leave it out for a key without end",
        ));
    }
    match Granted::of(&wanted.roles) {
        Ok(roles) if faults.is_empty() => Ok(roles),
        roles => {
            faults.extend(roles.err().map(|fault| Error::field("/roles", fault)));
            Err(Error::Invalid(faults))
        }
    }
}
