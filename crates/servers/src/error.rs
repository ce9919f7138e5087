//! What can go wrong with a server.

use std::path::{Path, PathBuf};
use std::time::Duration;

/// Why a server does not do what it was told.
#[derive(Debug, thiserror::Error)]
pub enum ServersError {
    /// It could not be started.
    #[error("{program} can't be started: {source}; is it installed? {remedy}")]
    Start {
        /// The program.
        program: PathBuf,
        /// What to type.
        remedy: &'static str,
        /// Why not.
        source: std::io::Error,
    },
    /// It ended before it was ready.
    #[error("{name} ended before it was ready; the end of its log:\n{log}")]
    Ended {
        /// What it is called here.
        name: String,
        /// The last lines that it wrote.
        log: String,
    },
    /// It was not ready in time.
    #[error("{name} was not ready within {limit:?}; the end of its log:\n{log}")]
    Late {
        /// What it is called here.
        name: String,
        /// How long was waited.
        limit: Duration,
        /// The last lines that it wrote.
        log: String,
    },
    /// Its files could not be written or read.
    #[error("{path}: {source}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: std::io::Error,
    },
    /// PostgreSQL's programs could not be found or run.
    #[error(transparent)]
    Programs(#[from] embedded::EmbeddedError),
    /// A program that was to do one thing failed at it.
    #[error("{name} failed: {output}")]
    Failed {
        /// What it is called here.
        name: String,
        /// What it wrote.
        output: String,
    },
    /// A server did not answer, or refused a statement.
    #[error("{name}: {source}")]
    Statement {
        /// What it is called here.
        name: String,
        /// What the driver said.
        source: sqlx::Error,
    },
    /// There is no server of that number.
    #[error("there is no server {0}")]
    NoServer(usize),
    /// There were not as many free ports in a row.
    #[error("no {count} free ports in a row between 12000 and 32767 on 127.0.0.1")]
    NoPorts {
        /// How many.
        count: u16,
    },
    /// A Redis refused what it was asked, or did not answer.
    #[error("{name}: {source}")]
    Redis {
        /// What it is called here.
        name: String,
        /// What it said.
        source: redis::RedisError,
    },
    /// None of the servers that fail over by themselves is the primary now.
    #[error("none of the servers is the leader now")]
    NoLeader,
    /// Servers that belong together did not find each other.
    #[error("the master, its replicas and the sentinels did not find each other within {limit:?}")]
    NotTogether {
        /// How long was waited.
        limit: Duration,
    },
    /// A certificate could not be made.
    #[error("no certificate: {0}")]
    Certificate(#[from] rcgen::Error),
    /// Neither `XDG_CACHE_HOME` nor `HOME` is a folder to keep downloads in.
    #[error("there is no place to keep what is downloaded; type: export HOME=/where/it/may/be")]
    NoCache,
    /// A broker refused what it was asked, or did not answer.
    #[error("{name}: {source}")]
    Kafka {
        /// What it is called here.
        name: String,
        /// What it said.
        source: std::io::Error,
    },
    /// Kafka's brokers did not come to what was waited for.
    #[error("Kafka: not within {limit:?}: {wanted}")]
    Apart {
        /// What was waited for.
        wanted: &'static str,
        /// How long.
        limit: Duration,
    },
}

/// Turns the system's answer about a file into [`ServersError::File`].
pub(crate) fn at(path: &Path) -> impl Fn(std::io::Error) -> ServersError + use<> {
    let path = path.to_owned();
    move |source| ServersError::File {
        path: path.clone(),
        source,
    }
}
