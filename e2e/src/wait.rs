//! Waiting for something that the platform does by itself.

use std::future::Future;
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::Instant;

/// Asks `probe` until it answers with something, at most a minute. `what` is for the message of a failure.
///
/// The platform offers no callback for "everything has settled", so tests ask, and the pause between two questions
/// costs latency only: nothing depends on its length.
pub async fn eventually<T, F, Fut>(what: &str, probe: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    within(Duration::from_mins(1), what, probe).await
}

/// The same with another limit.
pub async fn within<T, F, Fut>(limit: Duration, what: &str, mut probe: F) -> Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<Option<T>>>,
{
    let deadline = Instant::now() + limit;
    let mut last = None;
    while Instant::now() < deadline {
        match probe().await {
            Ok(Some(found)) => return Ok(found),
            Ok(None) => {}
            Err(error) => last = Some(error),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    match last {
        Some(error) => Err(error.context(format!("waited {limit:?} for: {what}"))),
        None => bail!("waited {limit:?} for: {what}"),
    }
}
