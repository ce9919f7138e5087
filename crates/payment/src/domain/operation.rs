//! One operation on one tender, and how it moves on.

use chrono::{DateTime, Utc};
use ids::{PaymentId, TransactionId};

use super::payment::Failure;
use super::words::words;

words! {
    /// What is asked of a connector.
    Operation {
        /// Hold an amount.
        Authorize = "authorize",
        /// Take what is held.
        Capture = "capture",
        /// Hold and take at once.
        Sale = "sale",
        /// Let go of what is held.
        Void = "void",
        /// Give back what was taken.
        Refund = "refund",
    }
}

words! {
    /// Where an operation stands.
    OperationState {
        /// Written down, not sent yet.
        Created = "created",
        /// Given to the connector, or about to be: whoever finds it so asks the connector.
        Sent = "sent",
        /// Done.
        Succeeded = "succeeded",
        /// Refused by the other side, for example for want of funds.
        Declined = "declined",
        /// Not done for another reason, for certain.
        Failed = "failed",
        /// The connector did not answer; only asking it, its webhook or a person moves this on.
        Unknown = "unknown",
    }
}

impl OperationState {
    /// Whether an operation may go from here to `next`. What is final stays.
    pub const fn may_become(self, next: Self) -> bool {
        use OperationState::{Created, Declined, Failed, Sent, Succeeded, Unknown};
        match self {
            // Given up before it was sent, or sent.
            Created => matches!(next, Sent | Failed),
            // To sent: again, under the same key, by whoever takes over.
            Sent | Unknown => !matches!(next, Created),
            Succeeded | Declined | Failed => false,
        }
    }

    /// The states from which an operation may come here, for the guards in SQL.
    pub fn may_follow(self) -> Vec<&'static str> {
        let before = Self::ALL.iter().filter(|state| state.may_become(self));
        before.map(|state| state.as_str()).collect()
    }
}

/// An operation: a row of `transactions`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Its name; also the connector's key, where a connector is called.
    pub id: TransactionId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Which tender of it.
    pub tender_number: i32,
    /// What is asked.
    pub operation: Operation,
    /// Where it stands.
    pub state: OperationState,
    /// For how much, in minor units.
    pub amount_minor: i64,
    /// The key under which the connector does it once; none where no connector is called.
    pub connector_key: Option<String>,
    /// The connector's own name for what it did.
    pub connector_reference: Option<String>,
    /// Why it was declined or failed.
    pub refusal: Option<Failure>,
    /// While open: when the worker takes it up.
    pub due_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_operation_moves_only_as_the_table_says() {
        use OperationState::{Created, Declined, Failed, Sent, Succeeded, Unknown};
        let allowed = [
            (Created, Sent),
            (Created, Failed),
            (Sent, Sent),
            (Sent, Succeeded),
            (Sent, Declined),
            (Sent, Failed),
            (Sent, Unknown),
            (Unknown, Sent),
            (Unknown, Succeeded),
            (Unknown, Declined),
            (Unknown, Failed),
            (Unknown, Unknown),
        ];
        for from in OperationState::ALL {
            for to in OperationState::ALL {
                let expected = allowed.contains(&(*from, *to));
                assert_eq!(from.may_become(*to), expected, "{from:?} -> {to:?}");
            }
        }
    }

    #[test]
    fn only_what_was_sent_ends_in_success() {
        assert_eq!(OperationState::Succeeded.may_follow(), ["sent", "unknown"]);
    }
}
