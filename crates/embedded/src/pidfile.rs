//! `postmaster.pid`, in which the server says who it is and how far it has come.

use std::fs;
use std::path::{Path, PathBuf};

/// What the file says; its lines are fixed by `PostgreSQL` (`src/include/utils/pidfile.h`).
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct PidFile {
    /// Line 1: the postmaster.
    pub(crate) pid: u32,
    /// Line 2: its data folder.
    pub(crate) folder: PathBuf,
    /// Line 8 says `ready`.
    pub(crate) ready: bool,
}

impl PidFile {
    pub(crate) fn path(cluster: &Path) -> PathBuf {
        cluster.join("postmaster.pid")
    }

    /// `None` if there is no file, or only the beginning of one.
    pub(crate) fn read(cluster: &Path) -> Option<Self> {
        Self::parse(&fs::read_to_string(Self::path(cluster)).ok()?)
    }

    fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines().map(str::trim_end);
        Some(Self {
            // Negative for a standalone backend, which is no postmaster.
            pid: lines.next()?.trim().parse().ok()?,
            folder: PathBuf::from(lines.next()?),
            ready: lines.nth(5) == Some("ready"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_eighth_line_decides_about_ready() {
        let head = "417\n/data/postgres\n1790000000\n20001\n\n127.0.0.1\n  7 8\n";
        for (text, expected) in [
            (format!("{head}ready   \n"), Some(true)),
            (format!("{head}starting\n"), Some(false)),
            (head.to_owned(), Some(false)),
            ("417\n/data/postgres\n".to_owned(), Some(false)),
            ("417".to_owned(), None),
            ("-417\n/data/postgres\n".to_owned(), None),
            (String::new(), None),
        ] {
            let parsed = PidFile::parse(&text);
            assert_eq!(parsed.as_ref().map(|file| file.ready), expected, "{text:?}");
            assert!(parsed.is_none_or(|file| file.pid == 417));
        }
    }
}
