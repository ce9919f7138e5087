//! A user's own password.

use contracts::Caller;
use telemetry::Secret;

use crate::Office;
use crate::domain::login::Login;
use crate::domain::password;
use crate::error::Error;
use crate::ops::attempts;
use crate::ops::change_user::{Changes, change_user};
use crate::ops::read;
use crate::store::{login_attempts, users};

/// Gives the caller another password and ends all of the caller's sessions. The present one is asked for, and wrong
/// ones count as attempts to log in: a stolen session is no way to guess it.
pub(crate) async fn change_password(
    office: &Office,
    caller: &Caller,
    present: Secret<String>,
    fresh: Secret<String>,
) -> Result<(), Error> {
    let user = read::user_of(office, caller).await?.ok_or(Error::NotAUser)?;
    if let Some(fault) = password::fault(&fresh, &user.login) {
        return Err(Error::Invalid(vec![Error::field("/new_password", fault)]));
    }
    let key = attempts::key(&user.login);
    attempts::count(office, &key).await?;
    let lock = match Login::parse(&user.login) {
        Some(login) => users::lock_of(office.outbox.db().pool(), &login).await?,
        None => None,
    };
    let hash = lock.map(|lock| lock.password_hash);
    if !office.hasher.is_password(present, hash).await? {
        return Err(Error::Invalid(vec![Error::field(
            "/current_password",
            "this is not your present password",
        )]));
    }
    let mut work = office.outbox.begin().await?;
    login_attempts::clear(work.conn(), &key).await?;
    work.commit().await?;
    let changes = Changes {
        password: Some(fresh),
        ..Changes::default()
    };
    change_user(office, user.id, changes).await?;
    Ok(())
}
