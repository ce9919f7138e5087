//! The server's log file.

use std::fs::{self, File};
use std::io::{Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::error::{EmbeddedError, on};

/// At a start, a log longer than this becomes `postgres.log.1`, whose former content goes.
const KEEP_BYTES: u64 = 16 * 1024 * 1024;
const TAIL_BYTES: u64 = 4 * 1024;

/// Opens the log to append to it, readable by its owner only: statements may hold personal data.
pub(crate) fn open(file: &Path) -> Result<File, EmbeddedError> {
    if length(file) > KEEP_BYTES {
        fs::rename(file, file.with_extension("log.1")).map_err(on("rotate", file))?;
    }
    File::options()
        .append(true)
        .create(true)
        .mode(0o600)
        .open(file)
        .map_err(on("open", file))
}

/// Its length in bytes, 0 if there is none.
pub(crate) fn length(file: &Path) -> u64 {
    fs::metadata(file).map_or(0, |metadata| metadata.len())
}

/// The end of what was written since byte `since`, for an error message.
pub(crate) fn tail(file: &Path, since: u64) -> String {
    let read = || -> std::io::Result<String> {
        let mut log = File::open(file)?;
        let start = length(file).saturating_sub(TAIL_BYTES).max(since);
        log.seek(SeekFrom::Start(start))?;
        let mut bytes = Vec::new();
        log.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).trim().to_owned())
    };
    read().unwrap_or_else(|error| format!("({} cannot be read: {error})", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tail_is_short_and_of_this_run_only() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("postgres.log");
        fs::write(&file, "old\nnew\n").unwrap();
        assert_eq!(tail(&file, 4), "new");
        fs::write(&file, "x".repeat(10_000)).unwrap();
        assert_eq!(tail(&file, 0).len(), 4096);
    }

    #[test]
    fn a_long_log_is_rotated_at_a_start() {
        let tmp = tempfile::tempdir().unwrap();
        let file = tmp.path().join("postgres.log");
        File::create(&file).unwrap().set_len(KEEP_BYTES + 1).unwrap();
        open(&file).unwrap();
        assert_eq!(length(&file), 0);
        assert_eq!(length(&tmp.path().join("postgres.log.1")), KEEP_BYTES + 1);
    }
}
