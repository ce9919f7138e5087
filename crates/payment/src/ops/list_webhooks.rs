//! Looking at what connectors told.

use super::Payments;
use crate::domain::webhook::Webhook;
use crate::error::Error;
use crate::store::webhooks::{self, Wanted};

impl Payments {
    /// At most `limit` webhooks, the newest first.
    pub async fn webhooks(&self, wanted: &Wanted, limit: i64) -> Result<Vec<Webhook>, Error> {
        let mut conn = self.0.outbox.db().pool().acquire().await?;
        Ok(webhooks::list(&mut conn, wanted, limit).await?)
    }
}
