//! Looking at processes and signalling them, with care about whose they are.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::io::Errno;
use rustix::process::{Pid, Signal, kill_process, test_kill_process};
use tokio::time::{Instant, sleep};

/// How often a process that is not our child is looked at while it ends.
const LOOK: Duration = Duration::from_millis(10);

fn pid(raw: u32) -> Option<Pid> {
    i32::try_from(raw).ok().and_then(Pid::from_raw)
}

/// Sends a signal; one that is gone already is fine.
pub(crate) fn signal(raw: u32, signal: Signal) {
    if let Some(pid) = pid(raw)
        && let Err(error) = kill_process(pid, signal)
        && error != Errno::SRCH
    {
        tracing::warn!(pid = raw, ?signal, %error, "cannot signal");
    }
}

/// Whether the process runs; one that ended and was not yet collected by its parent does not.
pub(crate) fn alive(raw: u32) -> bool {
    let there = pid(raw)
        .is_some_and(|pid| test_kill_process(pid).map_or_else(|error| error == Errno::PERM, |()| true));
    there && !ended_uncollected(raw)
}

fn ended_uncollected(raw: u32) -> bool {
    // The state stands behind the name, which is in parentheses and may hold anything.
    fs::read_to_string(format!("/proc/{raw}/stat")).is_ok_and(|stat| {
        stat.rsplit_once(')')
            .is_some_and(|(_, rest)| rest.trim_start().starts_with(['Z', 'X']))
    })
}

/// Waits until the process is gone; `false` if it is still there after the limit.
pub(crate) async fn gone_within(raw: u32, limit: Duration) -> bool {
    let deadline = Instant::now() + limit;
    while alive(raw) {
        if Instant::now() >= deadline {
            return false;
        }
        sleep(LOOK).await;
    }
    true
}

/// Whether the process is a postmaster of exactly this cluster: by its program, by the folder it was
/// told, and, where the system shows it, by the folder that it is in.
pub(crate) fn is_postmaster_of(raw: u32, cluster: &Path) -> bool {
    let arguments = arguments(raw);
    let is_server = arguments.first().is_some_and(|program| {
        Path::new(program)
            .file_name()
            .is_some_and(|name| name == "postgres" || name == "postmaster")
    });
    is_server
        && arguments
            .iter()
            .any(|argument| Path::new(argument.strip_prefix("-D").unwrap_or(argument)) == cluster)
        && working_folder(raw).is_none_or(|folder| folder == cluster)
}

/// The servers' processes whose working folder is this cluster: every process of a cluster stays in it.
/// Empty where the system does not show it.
pub(crate) fn living_in(cluster: &Path) -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter(|raw| {
            working_folder(*raw).is_some_and(|folder| folder == cluster)
                && fs::read_link(format!("/proc/{raw}/exe")).is_ok_and(|program| {
                    program
                        .file_name()
                        // An upgraded package leaves "postgres (deleted)".
                        .is_some_and(|name| name.to_string_lossy().starts_with("postgres"))
                })
                && alive(*raw)
        })
        .collect()
}

fn working_folder(raw: u32) -> Option<PathBuf> {
    fs::read_link(format!("/proc/{raw}/cwd")).ok()
}

fn arguments(raw: u32) -> Vec<String> {
    if let Ok(bytes) = fs::read(format!("/proc/{raw}/cmdline")) {
        return bytes
            .split(|byte| *byte == 0)
            .map(|part| String::from_utf8_lossy(part).into_owned())
            .filter(|part| !part.is_empty())
            .collect();
    }
    // Without /proc (macOS) ps shows the same, parted by spaces.
    Command::new("ps")
        .args(["-o", "command=", "-p", &raw.to_string()])
        .output()
        .map(|output| {
            String::from_utf8_lossy(&output.stdout)
                .split_whitespace()
                .map(str::to_owned)
                .collect()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_test_is_alive_and_no_postmaster() {
        let own = std::process::id();
        assert!(alive(own));
        assert!(!is_postmaster_of(own, &std::env::current_dir().unwrap()));
        assert!(!living_in(&std::env::current_dir().unwrap()).contains(&own));
    }

    #[test]
    fn an_ended_child_is_not_alive_though_nobody_collected_it() {
        let mut child = Command::new("true").spawn().unwrap();
        // waitid with WNOWAIT sees the end without collecting the child.
        rustix::process::waitid(
            rustix::process::WaitId::Pid(pid(child.id()).unwrap()),
            rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT,
        )
        .unwrap();
        assert!(!alive(child.id()) || !Path::new("/proc/self/stat").exists());
        child.wait().unwrap();
    }
}
