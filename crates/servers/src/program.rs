//! One running server.

use std::fs::{self, File};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::time::{Instant, sleep};

use crate::ServersError;

/// How often a server that starts is asked whether it is ready.
const LOOK: Duration = Duration::from_millis(50);
/// How much of its log an error shows.
const SHOWN_LINES: usize = 20;

/// A child process in a process group of its own, with its output in a file. Dropping it kills it.
#[derive(Debug)]
pub struct Program {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Program {
    /// Starts `command`; what it writes is added to `log`. `name` is for messages, `remedy` says what to type where the
    /// program is missing.
    ///
    /// # Errors
    /// [`ServersError::Start`], [`ServersError::File`] if the log can't be written.
    pub fn start(
        name: impl Into<String>,
        mut command: Command,
        log: &Path,
        remedy: &'static str,
    ) -> Result<Self, ServersError> {
        let file = |source| ServersError::File {
            path: log.to_owned(),
            source,
        };
        let output = File::options()
            .create(true)
            .append(true)
            .open(log)
            .map_err(file)?;
        let errors = output.try_clone().map_err(file)?;
        command
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .process_group(0);
        let child = command.spawn().map_err(|source| ServersError::Start {
            program: command.get_program().into(),
            remedy,
            source,
        })?;
        Ok(Self {
            name: name.into(),
            child,
            log: log.to_owned(),
        })
    }

    /// Waits until `probe` says yes.
    ///
    /// # Errors
    /// [`ServersError::Ended`] if it ends first, [`ServersError::Late`] after `limit`.
    pub async fn ready<F, Fut>(&mut self, limit: Duration, mut probe: F) -> Result<(), ServersError>
    where
        F: FnMut() -> Fut,
        Fut: Future<Output = bool>,
    {
        let deadline = Instant::now() + limit;
        loop {
            if probe().await {
                return Ok(());
            }
            if !self.is_running() {
                return Err(ServersError::Ended {
                    name: self.name.clone(),
                    log: self.last_lines(),
                });
            }
            if Instant::now() >= deadline {
                return Err(ServersError::Late {
                    name: self.name.clone(),
                    limit,
                    log: self.last_lines(),
                });
            }
            sleep(LOOK).await;
        }
    }

    /// Its process id, also when it has ended.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has not ended.
    pub fn is_running(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }

    /// `kill -9`, to its whole group; waits until it is gone.
    pub fn kill(&mut self) {
        self.signal(Signal::KILL);
        let _ = self.child.wait();
    }

    /// Asks it to stop, and waits until it is gone, at most `limit`; then it is killed.
    pub async fn stop(&mut self, limit: Duration) {
        self.signal(Signal::TERM);
        let deadline = Instant::now() + limit;
        while self.is_running() && Instant::now() < deadline {
            sleep(LOOK).await;
        }
        self.kill();
    }

    /// Freezes it (`SIGSTOP`).
    pub fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on (`SIGCONT`).
    pub fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// What it has written.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of what it has written.
    pub(crate) fn last_lines(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let from = lines.len().saturating_sub(SHOWN_LINES);
        lines.get(from..).unwrap_or_default().join("\n")
    }

    fn signal(&self, signal: Signal) {
        let group = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(group) = group {
            // A group that is gone already is as good as signalled.
            let _ = kill_process_group(group, signal);
        }
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.kill();
    }
}
