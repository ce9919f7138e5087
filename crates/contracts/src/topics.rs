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
    ($($(#[$doc:meta])* $constant:ident = $name:literal, $producer:literal => [$($consumer:literal),*];)*) => {
        $($(#[$doc])* pub const $constant: Topic =
            Topic { name: $name, producer: $producer, consumers: &[$($consumer),*] };)*
        /// Every topic of the platform.
        pub const ALL: &[Topic] = &[$($constant),*];
    };
}

topics! {
    /// A payment was asked for and answered with 202; it is still to be made.
    PAYMENT_REQUESTED = "payment-requested", "payment" => ["payment"];
    /// A payment was captured, or recorded from elsewhere.
    PAYMENT_COMPLETED = "payment-completed", "payment" => ["settlement", "accounting"];
    /// A payment failed for good.
    PAYMENT_FAILED = "payment-failed", "payment" => ["notification"];
    /// A window of a partner is to be settled.
    SETTLEMENT_REQUESTED = "settlement-requested", "settlement" => ["settlement"];
    /// A window of a partner was settled.
    SETTLEMENT_COMPLETED = "settlement-completed", "settlement" => ["accounting"];
    /// Lines of a payment were priced by their contracts.
    SETTLEMENT_LINES_PRICED = "settlement-lines-priced", "settlement" => ["accounting"];
    /// A journal entry was posted.
    ACCOUNTING_ENTRY = "accounting-entry", "accounting" => ["reporting"];
    /// A partner was made or changed.
    PARTNER_CHANGED = "partner-changed", "partner" => ["payment", "settlement"];
    /// A contract got a version.
    CONTRACT_CHANGED = "contract-changed", "partner" => ["payment", "settlement"];
    /// A user was made or changed.
    USER_CHANGED = "user-changed", "user" => ["notification"];
}
