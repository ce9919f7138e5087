//! One operation on one tender, and how it moves on.

use chrono::{DateTime, Utc};
use ids::{ChangeId, PaymentId, TransactionId};

use super::parts::Part;
use super::payment::{ConnectorName, Failure};
use super::words::words;

words! {
    /// What is asked of a connector.
    Operation {
        /// Hold an amount.
        Authorize = "authorize",
        /// Hold more.
        Increment = "increment",
        /// Take some of what is held.
        Capture = "capture",
        /// Hold and take at once.
        Sale = "sale",
        /// Let go of some of what is held.
        Void = "void",
        /// Give back some of what was taken.
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
        /// The connector waits for the buyer, who has to act.
        RequiresAction = "requires_action",
        /// Done.
        Succeeded = "succeeded",
        /// Refused by the other side, for example for want of funds.
        Declined = "declined",
        /// Not done for another reason, for certain.
        Failed = "failed",
        /// The connector did not answer; only asking it, its webhook or a person moves this on.
        Unknown = "unknown",
        /// Given up before it took effect.
        Canceled = "canceled",
        /// The buyer did not act in time.
        Expired = "expired",
    }
}

impl OperationState {
    /// Whether an operation may go from here to `next`.
    ///
    /// What is over stays, with one exception that the outside world forces: a refund that had succeeded may be
    /// reported as failed later. That no other operation goes that way is [`Operation::may_fail_later`]'s to say.
    pub const fn may_become(self, next: Self) -> bool {
        use OperationState::{
            Canceled, Created, Declined, Expired, Failed, RequiresAction, Sent, Succeeded, Unknown,
        };
        match self {
            // Given up before it was sent, or sent.
            Created => matches!(next, Sent | Failed | Canceled),
            // To sent: again, under the same key, by whoever takes over. Canceled or expired: while nobody heard from the
            // connector, the buyer had to act and did not.
            Sent | Unknown => !matches!(next, Created),
            RequiresAction => matches!(
                next,
                RequiresAction | Succeeded | Declined | Failed | Canceled | Expired
            ),
            Succeeded => matches!(next, Failed),
            Declined | Failed | Canceled | Expired => false,
        }
    }

    /// The states from which an operation may come here, for the guards in SQL.
    pub fn may_follow(self) -> Vec<&'static str> {
        let before = Self::ALL.iter().filter(|state| state.may_become(self));
        before.map(|state| state.as_str()).collect()
    }

    /// Whether its outcome is still to come.
    pub const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Created | Self::Sent | Self::RequiresAction | Self::Unknown
        )
    }

    /// Whether it is over, and nothing was done.
    pub const fn is_refused(self) -> bool {
        matches!(
            self,
            Self::Declined | Self::Failed | Self::Canceled | Self::Expired
        )
    }
}

impl Operation {
    /// Whether a connector may say that it failed after having said that it succeeded.
    pub const fn may_fail_later(self) -> bool {
        matches!(self, Self::Refund)
    }

    /// Whether it begins a tender.
    pub const fn is_beginning(self) -> bool {
        matches!(self, Self::Authorize | Self::Sale)
    }
}

words! {
    /// Why an operation was begun.
    Cause {
        /// The payment itself.
        Order = "order",
        /// The payment itself: another connector refused what begins it.
        Fallback = "fallback",
        /// A caller asked for it.
        Caller = "caller",
        /// A later tender failed, so that what the earlier ones hold or took goes back.
        Release = "release",
        /// The authorization ran out.
        Expiry = "expiry",
    }
}

impl Cause {
    /// The cause where none was noted, as an older version leaves it.
    pub const fn by_default(operation: Operation) -> Self {
        if operation.is_beginning() {
            Self::Order
        } else {
            Self::Caller
        }
    }

    /// Whether it was begun for the payment itself, and nobody asked for it afterwards.
    pub const fn is_of_order(self) -> bool {
        matches!(self, Self::Order | Self::Fallback)
    }
}

words! {
    /// What an operation that waits for the buyer becomes when it is given up.
    Ending {
        /// The caller gave it up.
        Canceled = "canceled",
        /// The buyer did not act in time.
        Expired = "expired",
    }
}

impl Ending {
    /// The state that it ends in.
    pub const fn state(self) -> OperationState {
        match self {
            Self::Canceled => OperationState::Canceled,
            Self::Expired => OperationState::Expired,
        }
    }

    /// Why it was not done.
    pub fn refusal(self) -> Failure {
        let detail = match self {
            Self::Canceled => "it was given up before the buyer had paid",
            Self::Expired => "the buyer did not act in time",
        };
        Failure {
            code: self.as_str().to_owned(),
            detail: detail.to_owned(),
        }
    }
}

/// An operation that is to be written: a row of `transactions`.
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
    /// Why.
    pub cause: Cause,
    /// Who is asked; none: the payment's connector, which is never another one then.
    pub connector: Option<ConnectorName>,
    /// The change that it carries out; none for one of the payment's own.
    pub change_id: Option<ChangeId>,
    /// Where it stands.
    pub state: OperationState,
    /// For how much, in minor units.
    pub amount_minor: i64,
    /// What a refund gives back of which lines.
    pub parts: Vec<Part>,
    /// The key under which the connector does it once; none where no connector is called.
    pub connector_key: Option<String>,
    /// While open: when the worker takes it up.
    pub due_at: Option<DateTime<Utc>>,
}

/// An operation of a payment's history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    /// Its name.
    pub id: TransactionId,
    /// Which tender of the payment.
    pub tender_number: i32,
    /// What was asked.
    pub operation: Operation,
    /// Why.
    pub cause: Cause,
    /// Who was asked; none: the payment's connector.
    pub connector: Option<ConnectorName>,
    /// The change that it carries out.
    pub change_id: Option<ChangeId>,
    /// Where it stands.
    pub state: OperationState,
    /// For how much, in minor units.
    pub amount_minor: i64,
    /// What a refund gives back of which lines.
    pub parts: Vec<Part>,
    /// The connector's own name for what it did.
    pub connector_reference: Option<String>,
    /// Why it was declined or failed.
    pub refusal: Option<Failure>,
    /// Whether it waits for the buyer no more, and the connector is to give it up.
    pub is_ending: bool,
    /// How often it was taken up.
    pub attempts: i32,
}

impl Done {
    /// An operation that was just written down.
    pub fn of(operation: &Transaction) -> Self {
        Self {
            id: operation.id,
            tender_number: operation.tender_number,
            operation: operation.operation,
            cause: operation.cause,
            connector: operation.connector,
            change_id: operation.change_id,
            state: operation.state,
            amount_minor: operation.amount_minor,
            parts: operation.parts.clone(),
            connector_reference: None,
            refusal: None,
            is_ending: false,
            attempts: 0,
        }
    }

    /// Whether it is of the order, and its outcome is open: then the payment is neither taken nor given up yet.
    pub fn is_to_come(&self) -> bool {
        self.cause.is_of_order() && self.state.is_open()
    }

    /// Whether it is this operation, and was done.
    pub fn did(&self, operation: Operation) -> bool {
        self.operation == operation && self.state == OperationState::Succeeded
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Written by hand: a row is where an operation stands, a column where it may go.
    const MOVES: &str = "
        .                created sent requires_action succeeded declined failed unknown canceled expired
        created          .       x    .               .         .        x      .       x        .
        sent             .       x    x               x         x        x      x       x        x
        requires_action  .       .    x               x         x        x      .       x        x
        succeeded        .       .    .               .         .        x      .       .        .
        declined         .       .    .               .         .        .      .       .        .
        failed           .       .    .               .         .        .      .       .        .
        unknown          .       x    x               x         x        x      x       x        x
        canceled         .       .    .               .         .        .      .       .        .
        expired          .       .    .               .         .        .      .       .        .
    ";

    #[test]
    fn an_operation_moves_only_as_the_table_says() {
        let cells = super::super::grid::cells(MOVES);
        assert_eq!(cells.len(), OperationState::ALL.len().pow(2));
        for (from, to, expected) in cells {
            let (from, to): (OperationState, OperationState) = (from.parse().unwrap(), to.parse().unwrap());
            assert_eq!(from.may_become(to), expected == "x", "{from:?} -> {to:?}");
        }
    }

    #[test]
    fn only_what_was_sent_ends_in_success() {
        assert_eq!(
            OperationState::Succeeded.may_follow(),
            ["sent", "requires_action", "unknown"]
        );
    }
}
