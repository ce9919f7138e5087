//! Data folders of PostgreSQL: copied while their server runs or stands, and the processes in them.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// What a running server writes for itself and a copy must not have: the manual names these for base backups.
const ITS_OWN: [&str; 5] = [
    "postmaster.pid",
    "postmaster.opts",
    "pg_replslot",
    "pg_dynshmem",
    "pg_stat_tmp",
];

/// Copies a data folder. `with_wal`: the log too, which a copy of a running server must not have, since it comes
/// by streaming. A file that vanishes meanwhile is left out: replay knows that it was dropped.
pub(crate) fn copy(from: &Path, to: &Path, with_wal: bool) -> io::Result<()> {
    fs::create_dir(to)?;
    fs::set_permissions(to, fs::metadata(from)?.permissions())?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let name = entry.file_name();
        let target = to.join(&name);
        let is_folder = entry.file_type()?.is_dir();
        let own = ITS_OWN.iter().any(|own| name == *own) || (!with_wal && name == "pg_wal");
        let copied = match (is_folder, own) {
            (true, true) => fs::create_dir(&target),
            (true, false) => copy(&entry.path(), &target, with_wal),
            (false, true) => Ok(()),
            (false, false) => fs::copy(entry.path(), &target).map(drop),
        };
        match copied {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other?,
        }
    }
    Ok(())
}

/// Signals every process that works in this folder, as the system names it. The children of PostgreSQL are in groups of
/// their own, and when it is killed they may finish what they do before they notice: a machine that lost its power does
/// not.
pub(crate) fn signal_inhabitants(folder: &Path, signal: Signal) {
    let Ok(processes) = fs::read_dir("/proc") else {
        return;
    };
    let inhabitants = processes.filter_map(|entry| {
        let raw: i32 = entry.ok()?.file_name().to_str()?.parse().ok()?;
        let works_in = fs::read_link(format!("/proc/{raw}/cwd")).ok()?;
        (works_in == folder).then(|| Pid::from_raw(raw))?
    });
    for inhabitant in inhabitants {
        // One that is gone already is as good as signalled.
        let _ = kill_process(inhabitant, signal);
    }
}
