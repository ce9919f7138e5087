//! The task that owns the running server: it stops it when asked, and starts it again when it dies.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep};

use crate::error::EmbeddedError;
use crate::lock::FileLock;
use crate::orphan;
use crate::server::{Launch, Postmaster};

/// What the server is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServerState {
    /// It accepts connections.
    Running {
        /// The postmaster's process id.
        pid: u32,
    },
    /// It died and is being started again, on the same port and data.
    Restarting,
    /// It was stopped on request.
    Stopped,
    /// It died too often in a row and is not started any more.
    Failed {
        /// The last error.
        reason: String,
    },
}

/// A server that ran shorter than this before it died counts as one more failure in a row.
const STABLE: Duration = Duration::from_secs(10);
/// With the pauses below this is about half a minute of trying.
const FAILURES_IN_A_ROW: u32 = 10;
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

pub(crate) struct Supervisor {
    pub(crate) launch: Launch,
    pub(crate) state: watch::Sender<ServerState>,
    pub(crate) restarts: Arc<AtomicU64>,
    /// Asked, or its sender dropped: both mean stop.
    pub(crate) stop: oneshot::Receiver<()>,
    /// Held until the server is down.
    pub(crate) lock: FileLock,
}

impl Supervisor {
    /// Runs until a stop is asked for or the server fails for good.
    pub(crate) async fn run(self, first: Postmaster) -> Result<(), EmbeddedError> {
        let Self {
            launch,
            state,
            restarts,
            mut stop,
            lock,
        } = self;
        let result = watch_over(&launch, &state, &restarts, &mut stop, first).await;
        drop(lock);
        state.send_replace(match &result {
            Ok(()) => ServerState::Stopped,
            Err(error) => {
                tracing::error!(%error, "PostgreSQL is not started any more");
                ServerState::Failed {
                    reason: error.to_string(),
                }
            }
        });
        result
    }
}

async fn watch_over(
    launch: &Launch,
    state: &watch::Sender<ServerState>,
    restarts: &AtomicU64,
    stop: &mut oneshot::Receiver<()>,
    first: Postmaster,
) -> Result<(), EmbeddedError> {
    let mut failures = 0;
    let mut server = first;
    loop {
        let since = Instant::now();
        tokio::select! {
            _ = &mut *stop => return server.stop().await.map(drop),
            status = server.ended() => {
                tracing::error!(pid = server.pid(), status = ?status, "PostgreSQL died, starting it again");
            }
        }
        state.send_replace(ServerState::Restarting);
        failures = if since.elapsed() < STABLE { failures + 1 } else { 1 };
        server = loop {
            let reason = tokio::select! {
                _ = &mut *stop => return orphan::settle(&launch.cluster).await.map(drop),
                started = start_again(launch, failures) => match started {
                    Ok(server) => break server,
                    Err(error) => error,
                },
            };
            failures += 1;
            tracing::error!(error = %reason, failures, "PostgreSQL does not start");
            if failures >= FAILURES_IN_A_ROW {
                return Err(reason);
            }
        };
        restarts.fetch_add(1, Ordering::Relaxed);
        state.send_replace(ServerState::Running { pid: server.pid() });
        tracing::info!(pid = server.pid(), "PostgreSQL is back");
    }
}

/// Cancelled, the new server is told to shut down and found as an orphan by the caller.
async fn start_again(launch: &Launch, failures: u32) -> Result<Postmaster, EmbeddedError> {
    // The first restart is immediate: every client is waiting.
    if failures > 1 {
        let factor = 2_u32.saturating_pow(failures - 2);
        sleep(FIRST_PAUSE.saturating_mul(factor).min(LONGEST_PAUSE)).await;
    }
    orphan::settle(&launch.cluster).await?;
    let mut server = Postmaster::spawn(launch)?;
    server.ready().await?;
    Ok(server)
}
