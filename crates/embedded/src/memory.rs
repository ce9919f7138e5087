//! How much memory the server takes for its buffers.

use sysinfo::System;

const MIB: u64 = 1 << 20;
/// What PostgreSQL takes where nothing is said.
const LEAST_MIB: u64 = 128;
/// Beyond it the system's own cache serves as well, and a machine may run several servers.
const MOST_MIB: u64 = 1024;
/// PostgreSQL's manual advises a quarter of a machine that the database has for itself; this one shares it.
const SHARE: u64 = 8;

/// The bytes of memory that this machine has, or its control group if that may have less; `None` if the system does
/// not say.
pub(crate) fn available() -> Option<u64> {
    let mut system = System::new().ok()?;
    system.refresh_memory();
    let whole = system.total_memory();
    let granted = system.cgroup_limits().map_or(whole, |limits| limits.total_memory);
    Some(whole.min(granted)).filter(|&bytes| bytes > 0)
}

/// The setting `shared_buffers` on a machine with that many bytes. Where it is small a session that wants a page has to write out
/// another first, and waits for the disk in the midst of its statement. Pages that nothing was read into cost nothing.
pub(crate) fn buffers(available: Option<u64>) -> String {
    let share = available.unwrap_or(0) / SHARE / MIB;
    format!("{}MB", share.clamp(LEAST_MIB, MOST_MIB))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn buffers_are_an_eighth_of_the_memory_within_bounds() {
        for (available, expected) in [
            (None, "128MB"),
            (Some(GIB / 2), "128MB"),
            (Some(GIB), "128MB"),
            (Some(4 * GIB), "512MB"),
            (Some(8 * GIB), "1024MB"),
            (Some(64 * GIB), "1024MB"),
        ] {
            assert_eq!(buffers(available), expected, "{available:?}");
        }
    }

    #[test]
    fn this_machine_says_what_it_has() {
        assert!(available().is_some_and(|bytes| bytes > 64 * MIB));
    }
}
