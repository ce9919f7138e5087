//! One run of the server: spawned, ready, stopped.

use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::Signal;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use crate::error::{EmbeddedError, on};
use crate::log;
use crate::pidfile::PidFile;
use crate::process;
use crate::user::Account;

const LOOK: Duration = Duration::from_millis(5);
/// Counted from the server's last word: a long recovery reports its progress every 10 s.
const READY_LIMIT: Duration = Duration::from_mins(1);
/// A fast shutdown ends the sessions and writes a checkpoint, at most of `shared_buffers`.
const FAST_LIMIT: Duration = Duration::from_secs(30);
const IMMEDIATE_LIMIT: Duration = Duration::from_secs(10);

/// Everything that a start, and a start again, needs.
#[derive(Clone, Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) cluster: PathBuf,
    pub(crate) log: PathBuf,
    pub(crate) account: Option<Account>,
    pub(crate) port: u16,
    pub(crate) arguments: Vec<String>,
}

/// A spawned postmaster. Dropped without [`Postmaster::stop`], it is told to shut down and not waited
/// for; if even that cannot happen (`kill -9`), the next start finds the orphan.
#[derive(Debug)]
pub(crate) struct Postmaster {
    child: Child,
    pid: u32,
    cluster: PathBuf,
    log: PathBuf,
    log_since: u64,
}

/// A command of a server's binary: as the account, without a variable of ours that could lead it astray.
pub(crate) fn command(program: &Path, account: Option<&Account>, folder: &Path) -> Command {
    const KEPT: [&str; 5] = ["PATH", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH"];
    let mut command = Command::new(program);
    command.env_clear().env("LC_ALL", "C").current_dir(folder);
    for name in KEPT {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    if let Some(account) = account {
        command.uid(account.uid).gid(account.gid);
    }
    command
}

impl Postmaster {
    /// Starts the server as a direct child in a process group of its own, so that a Ctrl-C at the
    /// terminal reaches us alone and the order of the shutdown is ours.
    pub(crate) fn spawn(launch: &Launch) -> Result<Self, EmbeddedError> {
        let out = log::open(&launch.log)?;
        let err = out.try_clone().map_err(on("open", &launch.log))?;
        let log_since = log::length(&launch.log);
        let child = command(&launch.program, launch.account.as_ref(), &launch.cluster)
            .arg("-D")
            .arg(&launch.cluster)
            .args(["-p", &launch.port.to_string()])
            .args(&launch.arguments)
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err)
            .process_group(0)
            .spawn()
            .map_err(on("run", &launch.program))?;
        let pid = child
            .id()
            .ok_or_else(|| on("run", &launch.program)(io::Error::other("it has no process id")))?;
        Ok(Self {
            child,
            pid,
            cluster: launch.cluster.clone(),
            log: launch.log.clone(),
            log_since,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits until the server accepts connections, by its own word in `postmaster.pid`.
    pub(crate) async fn ready(&mut self) -> Result<(), EmbeddedError> {
        let mut deadline = Instant::now() + READY_LIMIT;
        let mut log_length = self.log_since;
        loop {
            if let Some(status) = self
                .child
                .try_wait()
                .map_err(on("wait for the server of", &self.cluster))?
            {
                return Err(EmbeddedError::DiedEarly {
                    status,
                    log: log::tail(&self.log, self.log_since),
                });
            }
            // The file may still be a former server's: only our child's word counts.
            if PidFile::read(&self.cluster).is_some_and(|file| file.ready && file.pid == self.pid) {
                return Ok(());
            }
            let now_long = log::length(&self.log);
            if now_long != log_length {
                log_length = now_long;
                deadline = Instant::now() + READY_LIMIT;
            }
            if Instant::now() >= deadline {
                return Err(EmbeddedError::NotReady {
                    waited: READY_LIMIT,
                    log: log::tail(&self.log, self.log_since),
                });
            }
            sleep(LOOK).await;
        }
    }

    /// Waits for the server's end, whoever causes it.
    pub(crate) async fn ended(&mut self) -> Result<ExitStatus, EmbeddedError> {
        self.child
            .wait()
            .await
            .map_err(on("wait for the server of", &self.cluster))
    }

    /// Fast shutdown; if that takes too long an immediate one (recovered at the next start); then kill.
    pub(crate) async fn stop(mut self) -> Result<ExitStatus, EmbeddedError> {
        for (signal, limit) in [
            (Signal::INT, FAST_LIMIT),
            (Signal::QUIT, IMMEDIATE_LIMIT),
            (Signal::KILL, IMMEDIATE_LIMIT),
        ] {
            self.tell(signal);
            if let Ok(status) = timeout(limit, self.ended()).await {
                return status;
            }
            tracing::warn!(pid = self.pid, ?signal, ?limit, "the server did not end");
        }
        Err(EmbeddedError::StillRunning {
            pid: self.pid,
            folder: self.cluster.clone(),
        })
    }

    /// The child has an id only until it was waited for, so a stranger is never signalled.
    fn tell(&self, signal: Signal) {
        if let Some(pid) = self.child.id() {
            process::signal(pid, signal);
        }
    }
}

impl Drop for Postmaster {
    fn drop(&mut self) {
        self.tell(Signal::INT);
    }
}
