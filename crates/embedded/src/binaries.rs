//! Finding a server: the chosen folder, installed ones, the cache, the download.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use tokio::process::Command;

use crate::download;
use crate::error::{EmbeddedError, on};
use crate::folder::Folder;
use crate::options::EmbeddedOptions;
use crate::server::command;
use crate::user::{self, Account};

/// Older servers are passed over for a new data folder: 14 leaves support in 2026.
const OLDEST_MAJOR: u32 = 15;

/// Folders of packages; a part `*` stands for every entry.
const INSTALLED: [&str; 7] = [
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
    "/usr/local/pgsql/bin",
];

/// A server that runs on this machine as the account that will run it.
#[derive(Clone, Debug)]
pub(crate) struct Binaries {
    pub(crate) bin: PathBuf,
    /// As it says itself, for example `15.14`.
    pub(crate) version: String,
    pub(crate) major: u32,
    /// `installed <folder>` or `downloaded <version>`.
    pub(crate) origin: String,
}

/// Finds the server for a data folder; `written_by` is the major version that wrote it, if it exists.
pub(crate) async fn find(
    options: &EmbeddedOptions,
    folder: &Folder,
    account: Option<&Account>,
    written_by: Option<&str>,
) -> Result<Binaries, EmbeddedError> {
    let fits = |found: &Binaries| written_by.is_none_or(|major| found.major.to_string() == major);
    let mismatch = |major: &str, offered: Vec<String>| EmbeddedError::VersionMismatch {
        folder: folder.cluster.clone(),
        major: major.to_owned(),
        offered: offered.join(", "),
    };
    if let Some(bin) = &options.bin_dir {
        user::must_reach(&bin.join("postgres"), account)?;
        let found = probe(bin, account, format!("installed {}", bin.display())).await?;
        return match written_by {
            Some(major) if !fits(&found) => Err(mismatch(major, vec![described(&found)])),
            _ => Ok(found),
        };
    }
    let mut found = Vec::new();
    if !options.prefer_download {
        found = installed(account).await;
        found.retain(|server| written_by.is_some() || server.major >= OLDEST_MAJOR);
        if let Some(best) = found.iter().find(|server| fits(server)) {
            return Ok(best.clone());
        }
    }
    let cache = download::cache_folder(options, folder, account)?;
    if let Some(major) = written_by
        && major != download::MAJOR
    {
        // Another version may have been downloaded by a former release of this program.
        for bin in download::cached(&cache) {
            if let Ok(server) = probe_downloaded(&bin, account).await
                && fits(&server)
            {
                return Ok(server);
            }
        }
        let mut offered: Vec<String> = found.iter().map(described).collect();
        offered.push(format!("{} to download", download::VERSION));
        return Err(mismatch(major, offered));
    }
    let bin = download::fetch(&cache, user::is_root()).await?;
    probe_downloaded(&bin, account).await
}

fn described(server: &Binaries) -> String {
    format!("{} ({})", server.version, server.bin.display())
}

async fn probe_downloaded(bin: &Path, account: Option<&Account>) -> Result<Binaries, EmbeddedError> {
    user::must_reach(&bin.join("postgres"), account)?;
    let version = bin.parent().and_then(Path::file_name).unwrap_or_default();
    let origin = format!("downloaded {}", version.display());
    probe(bin, account, origin).await
}

/// Installed servers that run, the highest version first.
async fn installed(account: Option<&Account>) -> Vec<Binaries> {
    let mut folders: Vec<PathBuf> = INSTALLED.iter().flat_map(|pattern| expand(pattern)).collect();
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&path).filter(|folder| folder.is_absolute()) {
        let config = folder.join("pg_config");
        if config.is_file()
            && let Ok(output) = Command::new(&config).arg("--bindir").output().await
        {
            folders.push(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
        }
        folders.push(folder);
    }
    let mut found: Vec<Binaries> = Vec::new();
    for bin in folders {
        if !bin.join("postgres").is_file() || !bin.join("initdb").is_file() {
            continue;
        }
        let seen = found.iter().any(|server| same(&server.bin, &bin));
        if !seen && let Ok(server) = probe(&bin, account, format!("installed {}", bin.display())).await {
            found.push(server);
        }
    }
    found.sort_by_key(|server| std::cmp::Reverse(numbers(&server.version)));
    found
}

fn same(one: &Path, other: &Path) -> bool {
    one == other || matches!((one.canonicalize(), other.canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// The folders that a pattern with at most one starred part names.
fn expand(pattern: &str) -> Vec<PathBuf> {
    let Some((before, after)) = pattern.split_once('*') else {
        return vec![PathBuf::from(pattern)];
    };
    let (parent, prefix) = before.rsplit_once('/').unwrap_or(("", before));
    fs::read_dir(parent)
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with(prefix))
        .map(|name| PathBuf::from(format!("{parent}/{name}{after}")))
        .collect()
}

/// Runs `postgres --version` as the account that will run the server: this also shows that the
/// account reaches it, and that it was built for this machine.
async fn probe(bin: &Path, account: Option<&Account>, origin: String) -> Result<Binaries, EmbeddedError> {
    let unusable = |reason: String| EmbeddedError::NoServer {
        bin_dir: bin.to_owned(),
        reason,
    };
    let bin = bin.canonicalize().map_err(on("find", bin))?;
    let output = command(&bin.join("postgres"), account, Path::new("/"))
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(|error| unusable(format!("postgres does not start: {error}")))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let version = text
        .split_whitespace()
        .nth(2)
        .filter(|_| output.status.success())
        .ok_or_else(|| {
            unusable(format!(
                "postgres --version ended with {}: {}",
                output.status,
                String::from_utf8_lossy(&output.stderr).trim()
            ))
        })?;
    let major = numbers(version)
        .first()
        .copied()
        .ok_or_else(|| unusable(format!("version {version} is not understood")))?;
    if !bin.join("initdb").is_file() {
        return Err(unusable("initdb is missing".to_owned()));
    }
    Ok(Binaries {
        version: version.to_owned(),
        major,
        origin,
        bin,
    })
}

/// `15.14` is `[15, 14]`, `19beta1` is `[19]`.
fn numbers(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map_while(|part| {
            let end = part
                .find(|letter: char| !letter.is_ascii_digit())
                .unwrap_or(part.len());
            part.get(..end)?.parse().ok()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_as_numbers() {
        for (version, expected) in [
            ("15.14", vec![15, 14]),
            ("9.6.24", vec![9, 6, 24]),
            ("19beta1", vec![19]),
            ("devel", vec![]),
        ] {
            assert_eq!(numbers(version), expected);
        }
        assert!(numbers("15.10") > numbers("15.9"));
        assert!(numbers("18.0") > numbers("9.6"));
    }

    #[test]
    fn a_starred_part_stands_for_every_entry_with_its_prefix() {
        let tmp = tempfile::tempdir().unwrap();
        for name in ["pg-17", "pg-18", "other"] {
            fs::create_dir(tmp.path().join(name)).unwrap();
        }
        let mut found = expand(&format!("{}/pg-*/bin", tmp.path().display()));
        found.sort();
        assert_eq!(
            found,
            [tmp.path().join("pg-17/bin"), tmp.path().join("pg-18/bin")]
        );
        assert!(expand("/nowhere/at/all/*/bin").is_empty());
    }
}
