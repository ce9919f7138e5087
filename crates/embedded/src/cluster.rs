//! Creating the cluster, whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use crate::binaries::Binaries;
use crate::error::{EmbeddedError, on};
use crate::folder::Folder;
use crate::server::command;
use crate::user::{self, Account};

/// One to eleven seconds were measured; a starved machine may need more.
const INITDB_LIMIT: Duration = Duration::from_mins(5);

/// The major version that wrote the cluster, `None` if there is no cluster yet.
pub(crate) fn written_by(cluster: &Path) -> Result<Option<String>, EmbeddedError> {
    let file = cluster.join("PG_VERSION");
    match fs::read_to_string(&file) {
        Ok(text) => Ok(Some(text.trim().to_owned())),
        // A folder without the file is no cluster: initdb will see whether it is empty.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(on("read", &file)(error)),
    }
}

/// The superuser's password: the kept one, or for a new cluster a new one.
pub(crate) fn password(folder: &Folder, is_new: bool) -> Result<String, EmbeddedError> {
    let file = &folder.password;
    let kept = match fs::read_to_string(file) {
        Ok(text) => text.trim().to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        Err(error) => return Err(on("read", file)(error)),
    };
    if !kept.is_empty() {
        return Ok(kept);
    }
    if !is_new {
        return Err(EmbeddedError::PasswordMissing { file: file.clone() });
    }
    // 192 bits from the thread's generator, which is seeded by the system.
    let password = hex::encode(rand::random::<[u8; 24]>());
    write_secret(file, &password)?;
    Ok(password)
}

/// Runs `initdb` in a folder of its own and renames the result: interrupted at any moment, the next
/// start begins anew instead of finding a half.
pub(crate) async fn create(
    folder: &Folder,
    binaries: &Binaries,
    account: Option<&Account>,
    password: &str,
) -> Result<(), EmbeddedError> {
    let work = &folder.unfinished;
    if work.exists() {
        fs::remove_dir_all(work).map_err(on("remove", work))?;
    }
    fs::create_dir(work).map_err(on("create", work))?;
    // The kept file belongs to us and is closed to the server's account, so initdb gets a copy.
    let password_copy = work.join("password");
    write_secret(&password_copy, password)?;
    if let Some(account) = account {
        user::give(work, account)?;
    }
    let data = work.join("data");
    tracing::info!(folder = %folder.cluster.display(), version = binaries.version, "creating the cluster");
    let run = command(&binaries.bin.join("initdb"), account, work)
        .arg("-D")
        .arg(&data)
        .arg("--pwfile")
        .arg(&password_copy)
        .args(["--username=postgres", "--auth=scram-sha-256"])
        .args(["--locale=C", "--encoding=UTF8", "--data-checksums"])
        .arg("--no-instructions")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let failed = |status: String, output: String| EmbeddedError::InitFailed { status, output };
    let result = match tokio::time::timeout(INITDB_LIMIT, run).await {
        Err(_) => Err(failed(format!("no result after {INITDB_LIMIT:?}"), String::new())),
        Ok(Err(error)) => Err(on("run", &binaries.bin.join("initdb"))(error)),
        Ok(Ok(output)) if !output.status.success() => {
            let said = [output.stdout, output.stderr].concat();
            let said = String::from_utf8_lossy(&said).trim().to_owned();
            Err(failed(output.status.to_string(), said))
        }
        Ok(Ok(_)) => fs::rename(&data, &folder.cluster).map_err(on("rename", &data)),
    };
    if let Err(error) = fs::remove_dir_all(work) {
        tracing::warn!(%error, folder = %work.display(), "cannot remove; the next start will");
    }
    result
}

/// Gives a cluster that root restored from a backup to the account that runs it.
pub(crate) fn give_if_roots(cluster: &Path, account: Option<&Account>) -> Result<(), EmbeddedError> {
    match account {
        Some(account) if fs::metadata(cluster).map_err(on("look at", cluster))?.uid() == 0 => {
            user::give(cluster, account)
        }
        _ => Ok(()),
    }
}

/// Written beside and renamed: a crash leaves the whole line or none.
fn write_secret(file: &Path, secret: &str) -> Result<(), EmbeddedError> {
    let beside = file.with_extension("password.new");
    let mut out = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&beside)
        .map_err(on("open", &beside))?;
    writeln!(out, "{secret}")
        .and_then(|()| out.sync_all())
        .map_err(on("write", &beside))?;
    fs::rename(&beside, file).map_err(on("rename", &beside))
}
