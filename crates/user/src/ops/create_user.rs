//! Making a user.

use contracts::Role;
use contracts::events::UserChanged;
use ids::UserId;
use telemetry::Secret;

use crate::Office;
use crate::domain::login::Login;
use crate::domain::password;
use crate::domain::roles::Granted;
use crate::error::Error;
use crate::store::users::User;
use crate::store::{user_roles, users};

/// A user as wanted.
pub(crate) struct NewUser {
    pub(crate) login: String,
    pub(crate) name: String,
    pub(crate) password: Secret<String>,
    pub(crate) roles: Vec<Role>,
}

/// Makes a user; of two with one login at once, the table's constraint lets one through.
pub(crate) async fn create_user(office: &Office, wanted: NewUser) -> Result<User, Error> {
    let (login, roles) = check(&wanted)?;
    let hash = office.hasher.hash(wanted.password).await?;
    let mut work = office.outbox.begin().await?;
    let user = insert(office, &mut work, &login, wanted.name.trim(), &hash, &roles).await?;
    work.commit().await?;
    tracing::info!(user = %user.id, login = user.login, "a user was made");
    Ok(user)
}

fn check(wanted: &NewUser) -> Result<(Login, Granted), Error> {
    let mut faults = Vec::new();
    let login = Login::parse(&wanted.login);
    if login.is_none() {
        let remedy = "give 1 to 64 characters of a-z, 0-9 and . _ @ + -, a letter or digit first";
        faults.push(Error::field("/login", remedy));
    }
    faults.extend(name_fault(&wanted.name));
    if let Some(fault) = password::fault(&wanted.password, &wanted.login) {
        faults.push(Error::field("/password", fault));
    }
    match (login, Granted::of(&wanted.roles)) {
        (Some(login), Ok(roles)) if faults.is_empty() => Ok((login, roles)),
        (_, roles) => {
            faults.extend(roles.err().map(|fault| Error::field("/roles", fault)));
            Err(Error::Invalid(faults))
        }
    }
}

/// What is wrong with a name, if anything is.
pub(crate) fn name_fault(name: &str) -> Option<web::FieldError> {
    let fits = name.chars().count() <= 100 && !name.chars().any(char::is_control);
    (!fits).then(|| Error::field("/name", "give at most 100 characters on one line"))
}

/// Writes a user and tells of it, in the caller's work.
pub(crate) async fn insert(
    office: &Office,
    work: &mut bus::Work,
    login: &Login,
    name: &str,
    password_hash: &str,
    roles: &Granted,
) -> Result<User, Error> {
    let now = office.clock.now();
    let id = UserId::generate();
    let name = if name.is_empty() { login.as_str() } else { name };
    users::insert(work.conn(), id, login, name, password_hash, now)
        .await
        .map_err(|error| match postgres::violated_constraint(&error) {
            Some("users_login_taken") => Error::LoginTaken,
            _ => Error::Database(error),
        })?;
    user_roles::replace(work.conn(), id, roles).await?;
    let user = User {
        id,
        login: login.to_string(),
        name: name.to_owned(),
        roles: roles.roles(),
        active: true,
        version: 1,
        created_at: now,
        updated_at: now,
    };
    publish(work, &user)?;
    Ok(user)
}

/// Tells that a user was made or changed.
pub(crate) fn publish(work: &mut bus::Work, user: &User) -> Result<(), Error> {
    let event = UserChanged {
        user_id: user.id,
        login: user.login.clone(),
        roles: user.roles.clone(),
        active: user.active,
        version: user.version,
    };
    work.publish(&event, user.updated_at)?;
    Ok(())
}
