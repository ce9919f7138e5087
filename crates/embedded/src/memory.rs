//! How much memory the server takes for its buffers.

use sysinfo::{Process, ProcessRefreshKind, ProcessesToUpdate, System};

const MIB: u64 = 1 << 20;
/// What PostgreSQL takes where nothing is said.
const LEAST_MIB: u64 = 128;
/// Beyond it the system's own cache serves as well, and a machine may run several servers.
const MOST_MIB: u64 = 1024;
/// PostgreSQL's manual advises a quarter of a machine that the database has for itself; this one shares it.
const SHARE: u64 = 8;

/// The bytes of memory that this machine has, or its control group if that may have less; `None` if the system does
/// not say.
pub(crate) fn total() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let whole = system.total_memory();
    // Of this process, for a service manager limits its units; where they are not to be read, the root, which is a
    // container's.
    let limits = sysinfo::get_current_pid().ok().and_then(|own| {
        let only = ProcessesToUpdate::Some(&[own]);
        system.refresh_processes_specifics(only, false, ProcessRefreshKind::nothing());
        system.process(own).and_then(Process::cgroup_limits)
    });
    let limits = limits.or_else(|| system.cgroup_limits());
    let granted = limits.map_or(whole, |limits| limits.total_memory);
    Some(whole.min(granted)).filter(|&bytes| bytes > 0)
}

/// The setting `shared_buffers` on a machine with that many bytes. Where it is small a session that wants a page has to
/// write out another first, and waits for the disk in the midst of its statement. Of buffers that nothing was read into
/// the system keeps no page.
pub(crate) fn buffers(total: Option<u64>) -> String {
    let share = total.unwrap_or(0) / SHARE / MIB;
    format!("{}MB", share.clamp(LEAST_MIB, MOST_MIB))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn buffers_are_an_eighth_of_the_memory_within_bounds() {
        for (total, expected) in [
            (None, "128MB"),
            (Some(GIB / 2), "128MB"),
            (Some(GIB), "128MB"),
            (Some(4 * GIB), "512MB"),
            (Some(8 * GIB), "1024MB"),
            (Some(64 * GIB), "1024MB"),
        ] {
            assert_eq!(buffers(total), expected, "{total:?}");
        }
    }

    #[test]
    fn this_machine_says_what_it_has() {
        assert!(total().is_some_and(|bytes| bytes > 64 * MIB));
    }
}
