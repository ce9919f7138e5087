//! What processes have used, as the system counts it.

use std::collections::BTreeMap;
use std::fs;

use anyhow::{Context, Result};
use e2e::Platform;

/// Milliseconds in a tick of `/proc/PID/stat`: `USER_HZ` is 100 on every Linux.
const TICK_MS: u64 = 10;

/// Processor time by name, in milliseconds since the start of the processes.
pub type Used = BTreeMap<String, u64>;

/// What these processes of the platform, its database server, and Kafka if this process started it, have used so far.
pub fn used<'a>(platform: &Platform, names: impl IntoIterator<Item = &'a str>) -> Result<Used> {
    let mut used = Used::new();
    for name in names {
        let pid = platform
            .pid(name)
            .with_context(|| format!("{name} does not run"))?;
        used.insert(name.to_owned(), Stat::of(pid)?.own_ms);
    }
    let server = platform.postgres_pid().context("PostgreSQL does not run")?;
    let server = Stat::of(u32::try_from(server)?)?;
    let mut postgres = server.own_ms + server.ended_ms;
    let mut kafka = None;
    for stat in running() {
        if stat.parent == server.pid {
            postgres += stat.own_ms;
        } else if stat.parent == std::process::id() && stat.command == "java" {
            kafka = Some(kafka.unwrap_or(0) + stat.own_ms);
        }
    }
    used.insert("(PostgreSQL)".to_owned(), postgres);
    used.extend(kafka.map(|ms| ("(Kafka)".to_owned(), ms)));
    used.insert(
        "(this benchmark)".to_owned(),
        Stat::of(std::process::id())?.own_ms,
    );
    Ok(used)
}

/// The memory of a process that is resident now, in MB of a million bytes.
pub fn resident_mb(platform: &Platform, name: &str) -> Result<u64> {
    let pid = platform
        .pid(name)
        .with_context(|| format!("{name} does not run"))?;
    let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))
        .and_then(|rest| rest.trim().strip_suffix(" kB"))
        .context("the system says how much is resident")?;
    Ok((kib.parse::<u64>()? * 1_024).div_ceil(1_000_000))
}

/// A process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    pid: u32,
    parent: u32,
    command: String,
    /// Of its own threads.
    own_ms: u64,
    /// Of children that have ended.
    ended_ms: u64,
}

impl Stat {
    fn of(pid: u32) -> Result<Self> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        Self::parse(&text).with_context(|| format!("/proc/{pid}/stat is {text:?}"))
    }

    /// As proc(5) describes it: the command in brackets may contain anything.
    fn parse(text: &str) -> Option<Self> {
        let (pid, rest) = text.split_once(" (")?;
        let (command, rest) = rest.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        // Fields count from 1, and these begin with the third.
        let field = |number: usize| fields.get(number.checked_sub(3)?)?.parse::<u64>().ok();
        Some(Self {
            pid: pid.parse().ok()?,
            parent: u32::try_from(field(4)?).ok()?,
            command: command.to_owned(),
            own_ms: (field(14)? + field(15)?) * TICK_MS,
            ended_ms: (field(16)? + field(17)?) * TICK_MS,
        })
    }
}

/// Every process that has not ended meanwhile.
fn running() -> Vec<Stat> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    entries
        .filter_map(|entry| Stat::of(entry.ok()?.file_name().to_str()?.parse().ok()?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_look_like_more_fields() {
        let text = "12 (a) R (b) S 7 12 12 0 -1 4194304 1 2 3 4 250 50 6 4 20 0 9 0 1 2 3\n";
        let expected = Stat {
            pid: 12,
            parent: 7,
            command: "a) R (b".to_owned(),
            own_ms: 3_000,
            ended_ms: 100,
        };
        assert_eq!(Stat::parse(text), Some(expected));
    }
}
