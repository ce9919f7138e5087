//! A former owner was killed and left its server behind, or the server was and left its children.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::Signal;

use crate::error::{EmbeddedError, on};
use crate::pidfile::PidFile;
use crate::process;

/// A fast shutdown writes a checkpoint, at most of `shared_buffers`.
const FAST: Duration = Duration::from_secs(30);
const IMMEDIATE: Duration = Duration::from_secs(10);
const KILLED: Duration = Duration::from_secs(10);

/// Ends whatever still runs on the cluster, and nothing else. To be called by the owner of the data
/// folder only. Returns whether there was something.
pub(crate) async fn settle(cluster: &Path) -> Result<bool, EmbeddedError> {
    let mut found = false;
    let file = PidFile::read(cluster);
    if let Some(file) = &file
        && same_folder(&file.folder, cluster)
        && process::is_postmaster_of(file.pid, cluster)
    {
        tracing::warn!(
            pid = file.pid,
            "stopping the server that a former owner left behind"
        );
        found = true;
        end(
            file.pid,
            cluster,
            &[
                (Signal::INT, FAST),
                (Signal::QUIT, IMMEDIATE),
                (Signal::KILL, KILLED),
            ],
        )
        .await?;
    }
    // Children of a killed postmaster hold its shared memory until they notice; the next start would fail.
    for pid in process::living_in(cluster) {
        found = true;
        end(pid, cluster, &[(Signal::QUIT, IMMEDIATE), (Signal::KILL, KILLED)]).await?;
    }
    // The number was given to a stranger since (a reboot): PostgreSQL would take him for its postmaster.
    // Nothing lives in the folder, so the file says nothing any more. Only where that can be seen.
    if let Some(stale) = PidFile::read(cluster)
        && Path::new("/proc/self/cwd").exists()
        && process::alive(stale.pid)
    {
        let path = PidFile::path(cluster);
        fs::remove_file(&path).map_err(on("remove", &path))?;
    }
    Ok(found)
}

fn same_folder(written: &Path, cluster: &Path) -> bool {
    written == cluster || written.canonicalize().is_ok_and(|written| written == cluster)
}

async fn end(pid: u32, cluster: &Path, steps: &[(Signal, Duration)]) -> Result<(), EmbeddedError> {
    for (signal, limit) in steps {
        process::signal(pid, *signal);
        if process::gone_within(pid, *limit).await {
            return Ok(());
        }
    }
    Err(EmbeddedError::StillRunning {
        pid,
        folder: cluster.to_owned(),
    })
}
