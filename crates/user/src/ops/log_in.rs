//! Logging in.

use chrono::{DateTime, Utc};
use ids::{SessionId, UserId};
use telemetry::Secret;

use crate::Office;
use crate::domain::credential::{Credential, SESSION_PREFIX};
use crate::domain::login::Login;
use crate::domain::{expiry, password};
use crate::error::Error;
use crate::ops::attempts;
use crate::store::sessions::Fresh;
use crate::store::{login_attempts, sessions, users};

/// A session that was begun.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The session.
    pub(crate) id: SessionId,
    /// Whose it is.
    pub(crate) user: UserId,
    /// Its token, given away this once.
    pub(crate) token: Credential,
    /// When it ends if it is not used.
    pub(crate) expires_at: DateTime<Utc>,
}

/// Begins a session. A login that does not exist, one that is deactivated and a wrong password read the same and take
/// as long.
pub(crate) async fn log_in(office: &Office, login: &str, password: Secret<String>) -> Result<Begun, Error> {
    if password.reveal().len() > password::LONGEST {
        let fault = Error::field("/password", "no password is longer than 256 bytes");
        return Err(Error::Invalid(vec![fault]));
    }
    let key = attempts::key(login);
    attempts::count(office, &key).await?;
    let lock = match Login::parse(login) {
        Some(login) => users::lock_of(office.outbox.db().pool(), &login).await?,
        None => None,
    };
    let hash = lock.as_ref().map(|lock| lock.password_hash.clone());
    let fits = office.hasher.is_password(password, hash).await?;
    let Some(lock) = lock.filter(|_| fits) else {
        return refuse(login);
    };
    let token = Credential::of(SESSION_PREFIX, &rand::random());
    let now = office.clock.now();
    let expires_at = now + expiry::IDLE;
    let fresh = Fresh {
        id: SessionId::generate(),
        user: lock.id,
        token_hash: &token.hash(),
        password_hash: &lock.password_hash,
        now,
        expires_at,
    };
    let mut work = office.outbox.begin().await?;
    if !sessions::begin(work.conn(), &fresh).await? {
        work.roll_back().await?;
        return refuse(login);
    }
    login_attempts::clear(work.conn(), &key).await?;
    work.commit().await?;
    tracing::info!(user = %lock.id, session = %fresh.id, "logged in");
    Ok(Begun {
        id: fresh.id,
        user: lock.id,
        token,
        expires_at,
    })
}

/// The log names the login only where it has the form of one: what else people type there may be a password.
fn refuse(login: &str) -> Result<Begun, Error> {
    let login = Login::parse(login).map_or_else(|| "(no login)".to_owned(), |login| login.to_string());
    metrics::counter!("jeongsan_login_failures_total").increment(1);
    tracing::warn!(login, "a login was refused");
    Err(Error::WrongLogin)
}
