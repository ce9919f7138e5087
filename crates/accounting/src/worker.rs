//! Loops beside the consumers.

use std::time::Duration;

use postgres::Db;
use tokio_util::sync::CancellationToken;

use crate::ops;

/// How old the gauge of open breaks may be.
const EVERY: Duration = Duration::from_secs(15);

/// Keeps the gauge of open breaks up to date until `stop`.
pub(crate) async fn watch_breaks(db: Db, stop: CancellationToken) {
    loop {
        if let Err(error) = ops::measure_breaks(&db).await {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the open breaks can't be counted");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(EVERY) => {},
        }
    }
}
