//! Where programs that were fetched once are kept for the next time.

use std::env::var_os;
use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::sleep;

use crate::{ServersError, at};

/// How often whoever waits for another process to fetch looks whether it has.
const LOOK: Duration = Duration::from_millis(200);

/// The folder of that name in the user's cache, as the XDG base directories say; made if it is missing.
pub(crate) fn folder(name: &str) -> Result<PathBuf, ServersError> {
    let absolute = |name| {
        var_os(name)
            .map(PathBuf::from)
            .filter(|path: &PathBuf| path.is_absolute())
    };
    let cache = absolute("XDG_CACHE_HOME")
        .or_else(|| absolute("HOME").map(|home| home.join(".cache")))
        .ok_or(ServersError::NoCache)?;
    let folder = cache.join("jeongsan").join(name);
    fs::create_dir_all(&folder).map_err(at(&folder))?;
    Ok(folder)
}

/// A lock that ends with the value, or with the process however it ends.
pub(crate) async fn lock(path: &Path) -> Result<File, ServersError> {
    let file = File::create(path).map_err(at(path))?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) => sleep(LOOK).await,
            Err(TryLockError::Error(source)) => return Err(at(path)(source)),
        }
    }
}
