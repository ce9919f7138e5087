//! The topics, who publishes each and who listens.

use serde::{Deserialize, Serialize};

/// A named stream of facts. Each has exactly one publishing service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Topic {
    /// The name on the wire, for example `payment-completed`.
    pub name: &'static str,
    /// The service that publishes it.
    pub producer: &'static str,
    /// The services that listen.
    pub consumers: &'static [&'static str],
    /// Which form its events have: 1, 2, ... It goes up only for a form that services of before can't read.
    pub schema_version: u16,
}

impl Topic {
    /// The topic of that name.
    pub fn named(name: &str) -> Option<Topic> {
        ALL.iter().copied().find(|topic| topic.name == name)
    }
}

impl std::fmt::Display for Topic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// By its name.
impl Serialize for Topic {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name)
    }
}

impl<'de> Deserialize<'de> for Topic {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        Topic::named(&name).ok_or_else(|| serde::de::Error::custom(format!("there is no topic {name}")))
    }
}

macro_rules! topics {
    ($($(#[$doc:meta])* $constant:ident = $name:literal version $version:literal,
       $producer:literal => [$($consumer:literal),*];)*) => {
        $($(#[$doc])* pub const $constant: Topic = Topic {
            name: $name,
            producer: $producer,
            consumers: &[$($consumer),*],
            schema_version: $version,
        };)*
        /// Every topic of the platform.
        pub const ALL: &[Topic] = &[$($constant),*];
    };
}

topics! {
    /// A payment was asked for and answered with 202; it is still to be made.
    PAYMENT_REQUESTED = "payment-requested" version 1, "payment" => ["payment"];
    /// A payment was captured, or recorded from elsewhere.
    PAYMENT_COMPLETED = "payment-completed" version 1, "payment" => ["settlement", "accounting"];
    /// A payment failed for good.
    PAYMENT_FAILED = "payment-failed" version 1, "payment" => ["notification"];
    /// Money of a payment went back to the buyer, or came in again.
    PAYMENT_REFUNDED = "payment-refunded" version 1, "payment" => ["settlement", "accounting"];
    /// A buyer's bank disputes a payment, or went on with a dispute.
    DISPUTE_CHANGED = "dispute-changed" version 1, "payment" => ["settlement", "accounting", "notification"];
    /// A window of a partner is to be settled.
    SETTLEMENT_REQUESTED = "settlement-requested" version 1, "settlement" => ["settlement"];
    /// A window of a partner was settled.
    SETTLEMENT_COMPLETED = "settlement-completed" version 1, "settlement" => ["accounting"];
    /// Lines of a payment were priced by their contracts.
    SETTLEMENT_LINES_PRICED = "settlement-lines-priced" version 1, "settlement" => ["accounting"];
    /// A journal entry was posted.
    ACCOUNTING_ENTRY = "accounting-entry" version 1, "accounting" => ["reporting"];
    /// A partner was made or changed.
    PARTNER_CHANGED = "partner-changed" version 1, "partner" => ["payment", "settlement"];
    /// A contract got a version.
    CONTRACT_CHANGED = "contract-changed" version 1, "partner" => ["payment", "settlement"];
    /// A user was made or changed.
    USER_CHANGED = "user-changed" version 1, "user" => ["notification"];
}
