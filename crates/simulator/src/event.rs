//! What the network tells the payment service by itself.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::behaviour::Manner;
use crate::charge::Entry;
use crate::dispute::Dispute;

/// A webhook that has not been acknowledged: the same body in each delivery.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Event {
    /// `evt_...`
    pub(crate) id: String,
    #[serde(rename = "type")]
    pub(crate) kind: Kind,
    pub(crate) created_at: DateTime<Utc>,
    pub(crate) data: Data,
    /// Events of one charge arrive in their order.
    #[serde(skip)]
    pub(crate) charge_id: String,
    #[serde(skip)]
    pub(crate) manner: Option<Manner>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Kind {
    #[serde(rename = "charge.updated")]
    ChargeUpdated,
    #[serde(rename = "dispute.updated")]
    DisputeUpdated,
}

/// The thing as it was after the change that is told.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub(crate) enum Data {
    Entry(Box<Entry>),
    Dispute(Box<Dispute>),
}
