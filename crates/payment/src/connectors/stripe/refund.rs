//! What was given back: <https://docs.stripe.com/api/refunds>.

use serde::Deserialize;

use super::ask::Ask;
use super::intent::Metadata;
use super::wire::{Fault, Wire};
use crate::connectors::Outcome;
use crate::domain::Failure;

/// Pages of a hundred refunds that are read of one intent.
const PAGES: usize = 20;

/// The part of a refund that counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Refund {
    id: String,
    status: Option<String>,
    failure_reason: Option<String>,
    #[serde(default, deserialize_with = "Metadata::or_none")]
    pub(super) metadata: Metadata,
}

#[derive(Debug, Deserialize)]
struct Page {
    data: Vec<Refund>,
    #[serde(default)]
    has_more: bool,
}

impl Refund {
    /// What became of it. One that a bank has not taken yet is not over.
    pub(super) fn outcome(&self) -> Outcome {
        let not_done = |code: &str, detail: &str| {
            Outcome::Declined(Failure {
                code: code.to_owned(),
                detail: detail.to_owned(),
            })
        };
        match self.status.as_deref() {
            Some("succeeded") => Outcome::Succeeded {
                reference: Some(self.id.clone()),
                held_until: None,
            },
            Some("failed") => {
                let reason = self.failure_reason.as_deref().unwrap_or("refund_failed");
                not_done(reason, "the buyer's bank did not take the refund")
            }
            Some("canceled") => not_done("refund_canceled", "the refund was canceled at Stripe"),
            status => Outcome::Unknown(format!("the refund is {}", status.unwrap_or("of no status"))),
        }
    }
}

/// The refund of that key, of all those of an intent. A list of Stripe's is complete at once, unlike its search.
pub(super) async fn find(wire: &Wire, intent: &str, key: &str) -> Result<Option<Refund>, Fault> {
    let mut after: Option<String> = None;
    for _ in 0..PAGES {
        let ask = Ask::Refunds {
            intent,
            after: after.as_deref(),
        };
        let mut page: Page = wire.ask(&ask).await?;
        let found = page
            .data
            .iter()
            .position(|refund| refund.metadata.transaction_id.as_deref() == Some(key));
        if let Some(place) = found {
            return Ok(Some(page.data.swap_remove(place)));
        }
        after = page.data.pop().map(|last| last.id);
        if !page.has_more || after.is_none() {
            return Ok(None);
        }
    }
    Err(Fault::Silent(format!(
        "{intent} has more than {} refunds",
        PAGES * 100
    )))
}
