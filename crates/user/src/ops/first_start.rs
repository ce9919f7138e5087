//! The first administrator and the command line's key.
//!
//! Each step may be cut off and repeated: a file is written before what it holds is committed. Cut off between the
//! two, the file holds a password or key that nobody knows, and the next start writes another.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use ids::ApiKeyId;
use telemetry::Secret;

use crate::Office;
use crate::domain::credential::{Credential, KEY_PREFIX};
use crate::domain::login::Login;
use crate::domain::password;
use crate::domain::roles::Granted;
use crate::error::Error;
use crate::ops::create_user;
use crate::store::api_keys::Fresh;
use crate::store::{api_keys, users};

/// The file with the first administrator's password, where we made one up.
pub(crate) const PASSWORD_FILE: &str = "admin.password";
/// The file with the command line's key.
pub(crate) const KEY_FILE: &str = "admin.key";

/// What the settings want.
pub(crate) struct FirstStart {
    /// Where the files go.
    pub(crate) data_dir: PathBuf,
    /// The administrator's login.
    pub(crate) login: String,
    /// The administrator's password; none: a random one.
    pub(crate) password: Option<Secret<String>>,
    /// Whether there is to be a key for the command line.
    pub(crate) keeps_key: bool,
}

/// Makes what is missing. Copies of the service that start at once take turns.
pub(crate) async fn prepare(office: &Office, wanted: &FirstStart) -> Result<(), Error> {
    let mut work = office.outbox.begin().await?;
    users::lock_first_start(work.conn()).await?;
    if users::is_empty(work.conn()).await? {
        make_administrator(office, &mut work, wanted).await?;
    }
    if wanted.keeps_key {
        keep_key(office, &mut work, &wanted.data_dir.join(KEY_FILE)).await?;
    }
    work.commit().await?;
    Ok(())
}

async fn make_administrator(office: &Office, work: &mut bus::Work, wanted: &FirstStart) -> Result<(), Error> {
    let login = Login::parse(&wanted.login).ok_or(Error::Setting {
        setting: "user.admin_login",
        remedy: "give 1 to 64 characters of a-z, 0-9 and . _ @ + -, a letter or digit first",
    })?;
    let password = password(wanted, &login)?;
    let hash = office.hasher.hash(password).await?;
    let roles = Granted::administrator();
    create_user::insert(office, work, &login, "", &hash, &roles).await?;
    Ok(())
}

/// The password of the settings, or one that is made up and written down.
fn password(wanted: &FirstStart, login: &Login) -> Result<Secret<String>, Error> {
    if let Some(given) = &wanted.password {
        return match password::fault(given, login.as_str()) {
            None => Ok(given.clone()),
            Some(remedy) => Err(Error::Setting {
                setting: "user.admin_password",
                remedy,
            }),
        };
    }
    let made_up = Secret::new(hex::encode(rand::random::<[u8; 12]>()));
    let file = wanted.data_dir.join(PASSWORD_FILE);
    write_private(&file, made_up.reveal())?;
    tracing::info!(
        login = %login,
        file = %file.display(),
        "the first administrator was made; the password stands in this file: change it, then delete the file"
    );
    Ok(made_up)
}

/// A file whose key this database knows is left alone, even when that key is revoked: someone meant that. A missing
/// file, and one of another database, get a key of their own, since no plain key can be had from here.
async fn keep_key(office: &Office, work: &mut bus::Work, file: &Path) -> Result<(), Error> {
    if let Some(key) = read_key(file)?
        && api_keys::is_known(work.conn(), &key.hash()).await?
    {
        return Ok(());
    }
    let key = Credential::of(KEY_PREFIX, &rand::random());
    write_private(file, key.reveal())?;
    let fresh = Fresh {
        id: ApiKeyId::generate(),
        name: "command line (admin.key)",
        key: &key,
        roles: &Granted::administrator(),
        created_by: "service:user",
        now: office.clock.now(),
        expires_at: None,
    };
    let made = api_keys::insert(work.conn(), &fresh).await?;
    tracing::info!(key = %made.id, file = %file.display(), "an API key for the command line was made");
    Ok(())
}

fn read_key(file: &Path) -> Result<Option<Credential>, Error> {
    match std::fs::read_to_string(file) {
        Ok(text) => Ok(Credential::parse(KEY_PREFIX, text.trim())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(Error::File {
            path: file.display().to_string(),
            source,
        }),
    }
}

/// Replaced in one step and readable by the owner alone from its first byte on.
fn write_private(file: &Path, content: &str) -> Result<(), Error> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let fresh = file.with_extension("new");
    let write = || {
        match std::fs::remove_file(&fresh) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = std::fs::OpenOptions::new();
        let mut out = options.write(true).create_new(true).mode(0o600).open(&fresh)?;
        writeln!(out, "{content}")?;
        out.sync_all()?;
        std::fs::rename(&fresh, file)
    };
    write().map_err(|source| Error::File {
        path: file.display().to_string(),
        source,
    })
}
