//! Nobody: the money was taken elsewhere, and is recorded here.

use async_trait::async_trait;
use chrono::{DateTime, Utc};

use super::{
    Connector, Found, GivenUp, Outcome, RawWebhook, Submitted, Task, Told, VerifiedWebhook, WebhookRefusal,
};
use crate::domain::dispute::Dispute;
use crate::domain::evidence::Evidence;

/// Takes no money, so nothing can go wrong.
pub(super) struct External;

#[async_trait]
impl Connector for External {
    async fn perform(&self, _: &Task) -> Outcome {
        Outcome::done()
    }

    async fn look_up(&self, _: &Task) -> Found {
        Found::Nothing
    }

    async fn give_up(&self, _: &Task) -> GivenUp {
        GivenUp::TooLate
    }

    async fn submit(&self, _: &Dispute, _: &Evidence) -> Submitted {
        Submitted::Refused("nobody hears of it: hand it in where the payment was taken".to_owned())
    }

    fn verify(&self, _: &RawWebhook, _: DateTime<Utc>) -> Result<VerifiedWebhook, WebhookRefusal> {
        Err(WebhookRefusal::NoSecret)
    }

    fn read(&self, _: &[u8]) -> Result<Told, String> {
        Err("nobody tells anything of payments that were taken elsewhere".to_owned())
    }
}
