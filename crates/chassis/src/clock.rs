//! Time, as services see it.

use std::path::PathBuf;
use std::sync::Mutex;
use std::time::SystemTime;

use chrono::{DateTime, TimeDelta, Utc};

/// Where a service gets the time from.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> DateTime<Utc>;
}

/// The machine's clock.
#[derive(Debug, Default, Clone, Copy)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods, reason = "this is where time comes from")]
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// The machine's clock, moved by the offset that stands in a file; every process of an installation that shares
/// the file sees the same time. For tests and trials: production uses [`SystemClock`].
#[derive(Debug)]
pub struct FileClock {
    path: PathBuf,
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    modified: Option<SystemTime>,
    offset_ms: i64,
}

impl FileClock {
    /// The clock whose offset, in milliseconds, stands in `path`; no file means no offset.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            seen: Mutex::default(),
        }
    }

    /// Moves the clock: from now on it is `instant`, and goes on from there.
    pub fn set(&self, instant: DateTime<Utc>) -> std::io::Result<()> {
        let offset_ms = instant
            .signed_duration_since(SystemClock.now())
            .num_milliseconds();
        // Replaced in one step, so that no reader sees half a number.
        let fresh = self.path.with_extension("new");
        std::fs::write(&fresh, offset_ms.to_string())?;
        std::fs::rename(fresh, &self.path)
    }

    /// Back to the machine's time.
    pub fn reset(&self) -> std::io::Result<()> {
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn offset_ms(&self) -> i64 {
        let modified = std::fs::metadata(&self.path)
            .and_then(|meta| meta.modified())
            .ok();
        let Ok(mut seen) = self.seen.lock() else { return 0 };
        if seen.modified != modified {
            let text = std::fs::read_to_string(&self.path).unwrap_or_default();
            *seen = Seen {
                modified,
                offset_ms: text.trim().parse().unwrap_or(0),
            };
        }
        seen.offset_ms
    }
}

impl Clock for FileClock {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + TimeDelta::milliseconds(self.offset_ms())
    }
}

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock(Mutex<DateTime<Utc>>);

impl ManualClock {
    /// A clock that stands at `instant`.
    pub fn at(instant: DateTime<Utc>) -> Self {
        Self(Mutex::new(instant))
    }

    /// Moves it to `instant`.
    pub fn set(&self, instant: DateTime<Utc>) {
        if let Ok(mut now) = self.0.lock() {
            *now = instant;
        }
    }
}

impl Clock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        self.0.lock().map_or(DateTime::UNIX_EPOCH, |now| *now)
    }
}
