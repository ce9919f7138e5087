//! What is asked of the network, and what it wrote down about it.

use chrono::{DateTime, Utc};
use money::Currency;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// Hold an amount.
    Authorize,
    /// Take what is held.
    Capture,
    /// Hold and take at once.
    Sale,
    /// Let go of what is held.
    Void,
}

/// A charge that is to be executed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The caller's name for this operation: one key is executed once.
    #[schema(min_length = 1, max_length = 255)]
    pub connector_key: String,
    /// What is to be done.
    pub operation: Operation,
    /// Minor units, 0 or more.
    #[schema(minimum = 0)]
    pub amount_minor: i64,
    /// Its currency.
    pub currency: Currency,
    /// A test token such as `tok_ok`.
    pub token: String,
    /// The charge that a capture or a void is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_id: Option<String>,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was executed.
    Approved,
    /// It was refused for good.
    Declined,
}

/// An order with its outcome: one line of the journal, and the answer to whoever sends or asks for its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its place in the journal: 1, 2, 3, ...
    pub sequence: u64,
    /// As it was sent.
    #[serde(flatten)]
    pub order: Order,
    /// What became of it.
    pub outcome: Outcome,
    /// The charge that it made or changed; none where it was declined before there was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result_charge_id: Option<String>,
    /// Why it was declined.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decline_code: Option<String>,
    /// When it was executed.
    pub executed_at: DateTime<Utc>,
}
