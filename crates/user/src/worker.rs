//! The service's loop.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::Office;
use crate::ops;

/// How often what is over is deleted.
const PAUSE: Duration = Duration::from_mins(10);

/// Deletes ended sessions and forgotten attempts now and then, until the service stops.
pub(crate) async fn clean_up(office: Office, stop: CancellationToken) {
    loop {
        match ops::clean_up::clean_up(&office).await {
            Ok(0) => {}
            Ok(rows) => {
                tracing::debug!(rows, "ended sessions and forgotten attempts were deleted");
                // There may be more than one round takes.
                if !stop.is_cancelled() {
                    continue;
                }
            }
            Err(error) => {
                tracing::warn!(error = %error, "ended sessions could not be deleted; tried again later");
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(PAUSE) => {}
        }
    }
}
