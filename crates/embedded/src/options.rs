//! What the caller decides.

use std::path::PathBuf;

/// How to run the private PostgreSQL; [`EmbeddedOptions::new`] has the defaults.
#[derive(Clone, Debug)]
pub struct EmbeddedOptions {
    /// The folder that holds the cluster (`data_dir/postgres`) and its files; created if absent.
    pub data_dir: PathBuf,
    /// The TCP port on 127.0.0.1. `None`: a free one below 32768, kept in `data_dir/postgres.port`.
    pub port: Option<u16>,
    /// The folder with `postgres` and `initdb` (`JEONGSAN_PG_BIN`). `None`: they are looked for.
    pub bin_dir: Option<PathBuf>,
    /// More server settings, name and value; those that guard durability and isolation are refused.
    pub settings: Vec<(String, String)>,
    /// Ignore installed servers and use the pinned download.
    pub prefer_download: bool,
    /// Where downloaded servers are kept. `None`: `$XDG_CACHE_HOME/jeongsan/postgresql` or
    /// `~/.cache/jeongsan/postgresql`; as root a folder that the server's user can enter.
    pub cache_dir: Option<PathBuf>,
}

impl EmbeddedOptions {
    /// Defaults: a free port, whatever server is installed, else the download.
    pub fn new(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            port: None,
            bin_dir: None,
            settings: Vec::new(),
            prefer_download: false,
            cache_dir: None,
        }
    }
}
