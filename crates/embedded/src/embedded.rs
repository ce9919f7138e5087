//! The whole: from a data folder to a server that accepts connections.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::{oneshot, watch};
use tokio::task::JoinHandle;

use crate::binaries::{self, Binaries};
use crate::cluster;
use crate::error::EmbeddedError;
use crate::folder::Folder;
use crate::lock::FileLock;
use crate::options::EmbeddedOptions;
use crate::orphan;
use crate::port;
use crate::server::{Launch, Postmaster};
use crate::settings;
use crate::supervise::{ServerState, Supervisor};
use crate::url::url;
use crate::user;

/// A running cluster. If its server dies it is started again, on the same port and data, by a task
/// inside. Dropped without [`EmbeddedPostgres::stop`], the task shuts the server down and nobody waits.
pub struct EmbeddedPostgres {
    binaries: Binaries,
    port: u16,
    password: String,
    state: watch::Receiver<ServerState>,
    restarts: Arc<AtomicU64>,
    last_pid: u32,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Result<(), EmbeddedError>>,
}

impl EmbeddedPostgres {
    /// Starts the cluster of a data folder, created if there is none; returns when it accepts
    /// connections. A server that a killed owner left behind is stopped first.
    ///
    /// Every error says what to do: see [`EmbeddedError`]. To be called inside a tokio runtime.
    pub async fn start(options: EmbeddedOptions) -> Result<Self, EmbeddedError> {
        let arguments = settings::arguments(&options.settings)?;
        let folder = Folder::open(&options.data_dir, user::is_root())?;
        let lock = FileLock::try_own(&folder.lock, &folder.root)?;
        let account = user::account_for(&folder.cluster)?;
        let account = account.as_ref();
        user::must_reach(&folder.cluster, account)?;
        orphan::settle(&folder.cluster).await?;

        let written_by = cluster::written_by(&folder.cluster)?;
        let binaries = binaries::find(&options, &folder, account, written_by.as_deref()).await?;
        let password = cluster::password(&folder, written_by.is_none())?;
        if written_by.is_none() {
            cluster::create(&folder, &binaries, account, &password).await?;
        }
        cluster::give_if_roots(&folder.cluster, account)?;

        let port = port::choose(options.port, &folder.port)?;
        let launch = Launch {
            program: binaries.bin.join("postgres"),
            cluster: folder.cluster.clone(),
            log: folder.log.clone(),
            account: account.cloned(),
            port,
            arguments,
        };
        let mut server = Postmaster::spawn(&launch)?;
        if let Err(error) = server.ready().await {
            // Stopped and waited for, so that the next start finds nobody.
            let _already_failing = server.stop().await;
            return Err(error);
        }
        if options.port.is_none() {
            port::remember(port, &folder.port)?;
        }
        let last_pid = server.pid();
        tracing::info!(
            pid = last_pid,
            port,
            version = binaries.version,
            origin = binaries.origin,
            "PostgreSQL is ready"
        );

        let (state_in, state) = watch::channel(ServerState::Running { pid: last_pid });
        let (stop, stop_asked) = oneshot::channel();
        let restarts = Arc::new(AtomicU64::new(0));
        let supervisor = Supervisor {
            launch,
            state: state_in,
            restarts: Arc::clone(&restarts),
            stop: stop_asked,
            lock,
        };
        Ok(Self {
            binaries,
            port,
            password,
            state,
            restarts,
            last_pid,
            stop,
            task: tokio::spawn(supervisor.run(server)),
        })
    }

    /// `postgres://postgres:<password>@127.0.0.1:<port>/postgres`, the superuser's way in. A secret.
    pub fn admin_url(&self) -> String {
        self.url("postgres", "postgres", &self.password)
    }

    /// The connection string of a role for a database; every part is percent-encoded.
    pub fn url(&self, database: &str, role: &str, password: &str) -> String {
        url(role, password, self.port, database)
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's version as it says itself, for example `15.14`.
    pub fn version(&self) -> &str {
        &self.binaries.version
    }

    /// Where the server came from: `installed <folder>` or `downloaded <version>`.
    pub fn origin(&self) -> &str {
        &self.binaries.origin
    }

    /// The postmaster's process id; while it is being started again, the id it had at first.
    pub fn pid(&self) -> u32 {
        match *self.state.borrow() {
            ServerState::Running { pid } => pid,
            _ => self.last_pid,
        }
    }

    /// How often the server died and was started again.
    pub fn restarts(&self) -> u64 {
        self.restarts.load(Ordering::Relaxed)
    }

    /// What the server is doing, now and whenever it changes.
    pub fn state(&self) -> watch::Receiver<ServerState> {
        self.state.clone()
    }

    /// Waits until the server is down for good: it died too often in a row (or was stopped). Says why.
    pub async fn exited(&mut self) -> ServerState {
        self.state
            .wait_for(|state| matches!(state, ServerState::Stopped | ServerState::Failed { .. }))
            .await
            .map_or_else(
                |_| ServerState::Failed {
                    reason: EmbeddedError::WatchLost.to_string(),
                },
                |state| state.clone(),
            )
    }

    /// Shuts the server down (fast: sessions are ended, everything committed is kept) and waits for it.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        // Refused only if the task has ended, and then its result says why.
        let _task_ended = self.stop.send(());
        self.task.await.map_err(|_| EmbeddedError::WatchLost)?
    }
}

impl fmt::Debug for EmbeddedPostgres {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("EmbeddedPostgres")
            .field("port", &self.port)
            .field("version", &self.binaries.version)
            .field("origin", &self.binaries.origin)
            .field("pid", &self.pid())
            .field("restarts", &self.restarts())
            .finish_non_exhaustive()
    }
}
