//! Changing a user.

use contracts::Role;
use ids::UserId;
use telemetry::Secret;

use crate::Office;
use crate::domain::password;
use crate::domain::roles::Granted;
use crate::error::Error;
use crate::ops::create_user::{name_fault, publish};
use crate::store::users::User;
use crate::store::{sessions, user_roles, users};

/// What is to change; what is left out stays.
#[derive(Default)]
pub(crate) struct Changes {
    pub(crate) name: Option<String>,
    pub(crate) roles: Option<Vec<Role>>,
    pub(crate) active: Option<bool>,
    pub(crate) password: Option<Secret<String>>,
}

/// Changes a user. Who is deactivated or gets another password is logged out everywhere; the last active
/// administrator stays one.
pub(crate) async fn change_user(office: &Office, id: UserId, changes: Changes) -> Result<User, Error> {
    let roles = check(&changes)?;
    let ends_sessions = changes.active == Some(false) || changes.password.is_some();
    let hash = match changes.password {
        Some(password) => Some(office.hasher.hash(password).await?),
        None => None,
    };
    let mut work = office.outbox.begin().await?;
    users::lock_with_administrators(work.conn(), id).await?;
    let name = changes.name.as_deref().map(str::trim);
    let now = office.clock.now();
    let found = users::change(work.conn(), id, name, changes.active, hash.as_deref(), now).await?;
    if !found {
        work.roll_back().await?;
        return Err(Error::NoUser);
    }
    if let Some(roles) = &roles {
        user_roles::replace(work.conn(), id, roles).await?;
    }
    if !users::has_administrator(work.conn()).await? {
        work.roll_back().await?;
        return Err(Error::LastAdministrator);
    }
    if ends_sessions {
        sessions::end_all(work.conn(), id).await?;
    }
    let user = users::get(work.conn(), id).await?.ok_or(Error::NoUser)?;
    publish(&mut work, &user)?;
    work.commit().await?;
    office.hints.forget(id).await;
    tracing::info!(user = %id, version = user.version, active = user.active, "a user was changed");
    Ok(user)
}

fn check(changes: &Changes) -> Result<Option<Granted>, Error> {
    let mut faults = Vec::new();
    let Changes {
        name,
        roles,
        active,
        password,
    } = changes;
    if name.is_none() && roles.is_none() && active.is_none() && password.is_none() {
        faults.push(Error::field(
            "",
            "give at least one of name, roles, active, password",
        ));
    }
    if let Some(name) = name {
        faults.extend(name_fault(name));
        if name.trim().is_empty() {
            faults.push(Error::field("/name", "give a name that is not empty"));
        }
    }
    if let Some(fault) = password.as_ref().and_then(|p| password::fault(p, "")) {
        faults.push(Error::field("/password", fault));
    }
    let roles = roles.as_deref().map(Granted::of).transpose();
    match roles {
        Ok(roles) if faults.is_empty() => Ok(roles),
        roles => {
            faults.extend(roles.err().map(|fault| Error::field("/roles", fault)));
            Err(Error::Invalid(faults))
        }
    }
}
