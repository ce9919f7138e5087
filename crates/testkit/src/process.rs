//! Services that a test starts beside its platform, as a process of their own, and kills.

use std::sync::Arc;

use chassis::{Clock, Host, SystemClock};
use chrono::{DateTime, TimeDelta, Utc};
use tokio::runtime::{Builder, Runtime};

use crate::Platform;

/// Services in a runtime of their own. Dropped or killed, they are gone in the middle of whatever they do.
pub struct Process {
    runtime: Option<Runtime>,
    host: Option<Host>,
}

/// A process whose predecessor's leases are over.
struct Ahead(TimeDelta);

impl Clock for Ahead {
    fn now(&self) -> DateTime<Utc> {
        SystemClock.now() + self.0
    }
}

impl Platform {
    /// Starts what [`crate::PlatformBuilder::apart`] left out. One process of it at a time: it has the ports that the
    /// platform knows. Its clock is `ahead` of the machine's, so that nobody waits for the leases of one that was killed.
    ///
    /// # Panics
    /// Where it does not start.
    pub async fn launch(&self, ahead: TimeDelta) -> Process {
        let (services, every) = (self.apart.clone(), self.every.clone());
        let (settings, databases) = (Arc::clone(&self.settings), self.database_urls());
        let starting = tokio::task::spawn_blocking(move || {
            let runtime = Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .expect("a runtime");
            let clock: Arc<dyn Clock> = Arc::new(Ahead(ahead));
            let metrics = telemetry::init_metrics();
            let host = Host::start(&services, &every, settings, &databases, clock, metrics, None);
            let host = runtime.block_on(host);
            (runtime, host)
        });
        let (runtime, host) = starting.await.expect("a start that does not panic");
        let host = match host {
            Ok(host) => host,
            Err(error) => panic!("{error}"),
        };
        Process {
            runtime: Some(runtime),
            host: Some(host),
        }
    }
}

impl Process {
    /// Ends it where it stands: nothing that it began goes on, and its connections break.
    ///
    /// # Panics
    /// Where a part of it does not let itself be ended.
    pub async fn kill(mut self) {
        let (runtime, host) = (self.runtime.take(), self.host.take());
        let killing = tokio::task::spawn_blocking(move || {
            if let Some(runtime) = runtime {
                runtime.shutdown_timeout(std::time::Duration::from_secs(10));
            }
        });
        killing.await.expect("it ends");
        drop(host);
    }

    /// Lets it finish what it began.
    ///
    /// # Panics
    /// Where it panics.
    pub async fn stop(mut self) {
        let (runtime, host) = (self.runtime.take(), self.host.take());
        let stopping = tokio::task::spawn_blocking(move || {
            if let (Some(runtime), Some(host)) = (&runtime, host) {
                runtime.block_on(host.stop());
            }
            runtime
        });
        self.runtime = stopping.await.expect("it stops");
        self.kill().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
