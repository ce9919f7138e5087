//! What is asked of the network, and what it says about it.

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
    /// Take of what is held.
    Capture,
    /// Hold and take at once.
    Sale,
    /// Let go of what is held and not taken.
    Void,
    /// Give back of what was taken.
    Refund,
    /// Hold more.
    Increment,
    /// Give up a charge that waits for its buyer.
    Cancel,
}

impl Operation {
    /// Whether it makes a charge; the others are about one.
    pub fn makes_charge(self) -> bool {
        matches!(self, Self::Authorize | Self::Sale)
    }

    /// Whether it takes money.
    pub fn takes_money(self) -> bool {
        matches!(self, Self::Capture | Self::Sale)
    }
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
    /// Its currency, the charge's.
    pub currency: Currency,
    /// A test token such as `tok_ok`. Only that of an authorization or a sale counts, for all that follows.
    pub token: String,
    /// The charge that this is about; none for an authorization and a sale, which make one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub charge_id: Option<String>,
    /// Where the buyer's browser goes after a decision: an http or https address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub return_url: Option<String>,
}

/// What became of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was executed.
    Approved,
    /// It was refused for good.
    Declined,
    /// The buyer decides.
    Pending,
}

/// What the buyer is to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Action {
    /// Where.
    pub url: String,
    /// Until when; from then on it is declined.
    pub expires_at: DateTime<Utc>,
}

/// An order with its outcome: a line of the journal, and the answer to whoever sends or asks for its key. The journal
/// has the first outcome, an answer the present one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Entry {
    /// Its place among the entries: 1, 2, 3, ...
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
    /// What the buyer is to do, as long as it is pending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// From when on an approved authorization can't be captured.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was executed.
    pub executed_at: DateTime<Utc>,
}

impl Entry {
    /// The charge that it is about, as far as there is one.
    pub(crate) fn charge(&self) -> &str {
        let known = self.result_charge_id.as_ref().or(self.order.charge_id.as_ref());
        known.map_or("", String::as_str)
    }

    /// The same with another outcome; nobody is asked any more.
    pub(crate) fn settled(
        &self,
        outcome: Outcome,
        decline_code: Option<String>,
        expires_at: Option<DateTime<Utc>>,
    ) -> Self {
        Self {
            outcome,
            decline_code,
            expires_at,
            action: None,
            ..self.clone()
        }
    }
}
