//! Who ends a cluster that nobody drops.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{ChildStdin, Command, Stdio};

use crate::ServersError;

/// Reads until whoever holds the other end is gone, then kills and removes.
const SCRIPT: &str =
    "read -r _; folder=$1; shift; for group; do kill -KILL -- \"-$group\"; done; rm -rf \"$folder\"";

/// Has these process groups killed, and the folder removed, once the result is dropped or this process is gone,
/// however it ends. A shell of its own process group does it, so that an interrupted run leaves nothing behind.
#[allow(clippy::zombie_processes, reason = "it outlives this process")]
pub(crate) fn watch_over(
    groups: impl Iterator<Item = u32>,
    folder: &Path,
) -> Result<Option<ChildStdin>, ServersError> {
    let mut watcher = Command::new("sh")
        .args(["-c", SCRIPT, "watcher"])
        .arg(folder)
        .args(groups.map(|group| group.to_string()))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|source| ServersError::Start {
            program: "sh".into(),
            remedy: "every system has it",
            source,
        })?;
    Ok(watcher.stdin.take())
}
