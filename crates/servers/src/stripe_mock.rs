//! Stripe's own mock, which knows the form of its API: installed with Go once for the machine, and kept.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tempfile::TempDir;

use crate::{Program, ServersError, at, cache, free_block, http};

/// Its Go module; the version decides which version of the API is checked against, which is that of
/// `crates/payment/src/connectors/stripe/wire.rs`.
const MODULE: &str = "github.com/stripe/stripe-mock";
const VERSION: &str = "v0.203.0";
const PROGRAM: &str = "stripe-mock";
const REMEDY: &str = "type: apt-get install golang-go";
/// How long it may take to answer for the first time: it reads 10 MB of descriptions first.
const LIMIT: Duration = Duration::from_mins(1);

/// A running mock. It forgets everything at once and answers every request of the right form alike.
#[derive(Debug)]
pub struct StripeMock {
    url: String,
    _program: Program,
    _home: TempDir,
}

impl StripeMock {
    /// Starts one on a free port of loopback; installs it where that was never done.
    ///
    /// # Errors
    /// [`ServersError::Start`] where Go is missing, [`ServersError::Failed`] where the module can't be had.
    pub async fn start() -> Result<Self, ServersError> {
        let program = installed().await?;
        let home = TempDir::new().map_err(at(&std::env::temp_dir()))?;
        let port = free_block(1)?;
        let mut command = Command::new(program);
        command.args(["-http-addr", &format!("127.0.0.1:{port}")]);
        // It would listen for TLS too, at a port that is the same for all.
        command.arg("-https-unix").arg(home.path().join("tls"));
        let mut program = Program::start(PROGRAM, command, &home.path().join("log"), REMEDY)?;
        // Who comes without a key is refused, and so heard.
        let answers = || async { http::status(port, "/v1/charges").await == Some(401) };
        program.ready(LIMIT, answers).await?;
        Ok(Self {
            url: format!("http://127.0.0.1:{port}"),
            _program: program,
            _home: home,
        })
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// The program, made if it is missing, by one process while others wait.
async fn installed() -> Result<PathBuf, ServersError> {
    let cache = cache::folder("stripe-mock")?;
    let program = cache.join(VERSION).join(PROGRAM);
    let _only_one = cache::lock(&cache.join("lock")).await?;
    if !program.exists() {
        install(&cache, &program).await?;
    }
    Ok(program)
}

/// Go writes the program in one step, under another name first: one that is there is whole.
async fn install(cache: &Path, program: &Path) -> Result<(), ServersError> {
    let fresh = cache.join("new");
    let output = tokio::process::Command::new("go")
        .args(["install", &format!("{MODULE}@{VERSION}")])
        .env("GOBIN", &fresh)
        // What its user sets for modules of their own, such as -mod=vendor, is not for this one.
        .env("GOFLAGS", "")
        .kill_on_drop(true)
        .output()
        .await
        .map_err(|source| ServersError::Start {
            program: "go".into(),
            remedy: REMEDY,
            source,
        })?;
    if !output.status.success() {
        return Err(ServersError::Failed {
            name: format!("go install {MODULE}@{VERSION}"),
            output: String::from_utf8_lossy(&output.stderr).into_owned(),
        });
    }
    let home = program.parent().unwrap_or(cache);
    fs::create_dir_all(home).map_err(at(home))?;
    fs::rename(fresh.join(PROGRAM), program).map_err(at(program))
}
