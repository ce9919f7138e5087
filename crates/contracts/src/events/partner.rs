//! What the partner service tells.

use chrono::NaiveDate;
use ids::{ContractId, PartnerId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Event;
use crate::contract_terms::ContractTerms;
use crate::topics::{self, Topic};

/// Whether a partner is a company or a natural person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerKind {
    /// A company.
    Company,
    /// A natural person, whose personal-service income is subject to withholding.
    Individual,
}

/// Whether new sales of a partner are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartnerStatus {
    /// Sells.
    Active,
    /// Sells no more; what is owed is still settled.
    Closed,
}

/// A partner was made or changed: the whole of it as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PartnerChanged {
    /// The partner.
    pub partner_id: PartnerId,
    /// The operator's own name for it, unique.
    pub reference: String,
    /// What people call it.
    pub name: String,
    /// Company or person.
    pub kind: PartnerKind,
    /// Whether it sells.
    pub status: PartnerStatus,
    /// Counts its changes from 1; a greater one replaces a smaller one.
    pub version: i32,
}

impl Event for PartnerChanged {
    const TOPIC: Topic = topics::PARTNER_CHANGED;
    fn aggregate(&self) -> String {
        self.partner_id.to_string()
    }
}

/// A contract got a version: that version, whole. A version never changes; a later one replaces it from its
/// first day on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ContractChanged {
    /// The contract.
    pub contract_id: ContractId,
    /// Whose it is.
    pub partner_id: PartnerId,
    /// 1, 2, 3, ...
    pub version: i32,
    /// The first day of sale that it prices, in the terms' time zone.
    pub valid_from: NaiveDate,
    /// What it says.
    pub terms: ContractTerms,
}

impl Event for ContractChanged {
    const TOPIC: Topic = topics::CONTRACT_CHANGED;
    fn aggregate(&self) -> String {
        self.contract_id.to_string()
    }
}
