//! The data folder and the names of what is in it.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use crate::error::{EmbeddedError, on};

/// The paths below one data folder, all absolute and without links above them.
#[derive(Clone, Debug)]
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    pub(crate) cluster: PathBuf,
    /// Where `initdb` works, until the whole is renamed to `cluster`.
    pub(crate) unfinished: PathBuf,
    pub(crate) password: PathBuf,
    pub(crate) port: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) lock: PathBuf,
}

impl Folder {
    /// Opens the folder, created if absent. As root the folders that are created here are open for
    /// passing, whatever the umask says: the server runs as another user and must get through.
    pub(crate) fn open(data_dir: &Path, as_root: bool) -> Result<Self, EmbeddedError> {
        create_passable(data_dir, as_root)?;
        let root = data_dir
            .canonicalize()
            .map_err(on("find the real path of", data_dir))?;
        let cluster = root.join("postgres");
        Ok(Self {
            // The cluster itself may be a link to another disk; the server's own files name the real path.
            cluster: cluster.canonicalize().unwrap_or(cluster),
            unfinished: root.join("postgres.unfinished"),
            password: root.join("postgres.password"),
            port: root.join("postgres.port"),
            log: root.join("postgres.log"),
            lock: root.join("postgres.lock"),
            root,
        })
    }
}

/// Creates a folder and those above it; as root, open for passing.
pub(crate) fn create_passable(folder: &Path, as_root: bool) -> Result<(), EmbeddedError> {
    let missing: Vec<&Path> = folder
        .ancestors()
        .filter(|above| !above.as_os_str().is_empty())
        .take_while(|above| !above.exists())
        .collect();
    fs::create_dir_all(folder).map_err(on("create", folder))?;
    if as_root {
        for made in missing {
            fs::set_permissions(made, Permissions::from_mode(0o755)).map_err(on("open for passing", made))?;
        }
    }
    Ok(())
}
