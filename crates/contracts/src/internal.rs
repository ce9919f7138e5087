//! Calls from service to service, under `/internal/v1`. The gateway never routes these from outside.

use ids::PartnerId;
use serde::{Deserialize, Serialize};

use crate::Caller;
use crate::events::{ContractChanged, PartnerChanged};

/// `POST /internal/v1/authenticate` of the user service: who shows this credential?
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Credential {
    /// An API key, as sent in `Authorization: Bearer sk_...`.
    ApiKey {
        /// The whole key.
        key: String,
    },
    /// A session, as sent in `Authorization: Bearer st_...` or the session cookie.
    Session {
        /// The whole token.
        token: String,
    },
}

/// The answer: the caller, or none where the credential is unknown, expired or revoked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authenticated {
    /// Who it is.
    pub caller: Option<Caller>,
}

/// `POST /internal/v1/partners/lookup` of the partner service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartnerLookup {
    /// At most 1,000.
    pub partner_ids: Vec<PartnerId>,
}

/// The answer: what is known of them, as the events would have told it. Unknown ones are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PartnerLookupAnswer {
    /// The partners.
    pub partners: Vec<PartnerChanged>,
    /// All versions of their contracts.
    pub contracts: Vec<ContractChanged>,
}
