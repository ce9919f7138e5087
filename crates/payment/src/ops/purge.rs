//! Forgetting idempotency keys that nobody repeats any more.

use super::Payments;
use crate::error::Error;

impl Payments {
    /// Forgets answered keys older than `payment.key_retention_hours`; returns how many.
    pub async fn purge_keys(&self) -> Result<u64, Error> {
        let before = self.now() - self.0.key_retention;
        let mut forgotten = 0;
        loop {
            let mut work = self.0.outbox.begin().await?;
            let count = once::purge(work.conn(), before).await?;
            work.commit().await?;
            if count == 0 {
                return Ok(forgotten);
            }
            forgotten += count;
        }
    }
}
