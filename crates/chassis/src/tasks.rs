//! The loops of a service, and their common end.

use std::future::Future;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Spawns a service's loops and stops them together.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Cancelled when the service is to stop: finish what is begun, take nothing new.
    pub fn stop_signal(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Runs a loop; `name` is for the log. A loop that ends before it is told to is reported.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        let stop = self.stop.clone();
        self.tracker.spawn(async move {
            let outcome = tokio::spawn(work).await;
            if !stop.is_cancelled() {
                let error = outcome.err().map(|e| e.to_string()).unwrap_or_default();
                tracing::error!(task = name, error, "a task ended by itself");
            }
        });
    }

    /// Tells the loops to stop and waits for them, at most `limit`. False where some did not stop in time.
    pub async fn stop(&self, limit: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(limit, self.tracker.wait()).await.is_ok()
    }
}
