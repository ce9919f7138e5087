//! The partner service, as far as a payment needs it.

use std::time::Duration;

use axum::http::Method;
use chassis::{PeerError, Peers};
use contracts::internal::{PartnerLookup, PartnerLookupAnswer};
use ids::PartnerId;

/// How many partners one question may name.
pub const QUESTION: usize = 1_000;
/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Asks it.
pub struct PartnerService(Peers);

impl PartnerService {
    /// The one that is reached by `peers`.
    pub fn new(peers: Peers) -> Self {
        Self(peers)
    }

    /// What it knows of these partners, at most [`QUESTION`]; those that it does not know are left out.
    pub async fn look_up(&self, partner_ids: Vec<PartnerId>) -> Result<PartnerLookupAnswer, PeerError> {
        let question = PartnerLookup { partner_ids };
        let path = "/internal/v1/partners/lookup";
        self.0
            .ask("partner", Method::POST, path, Some(&question), PATIENCE)
            .await
    }
}
