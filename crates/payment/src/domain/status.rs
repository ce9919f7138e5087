//! The status of a payment: a pure function of its tenders' amounts and operations.

use super::operation::{Cause, Done, Operation, OperationState};
use super::tender::TenderAmounts;
use super::words::words;

words! {
    /// Where a payment stands.
    PaymentStatus {
        /// Accepted, still to be worked on.
        Requested = "requested",
        /// The buyer has to do something.
        RequiresAction = "requires_action",
        /// The outcome of an operation is open.
        Processing = "processing",
        /// Held, not taken.
        Authorized = "authorized",
        /// Some of what is held was taken.
        PartiallyCaptured = "partially_captured",
        /// Taken.
        Completed = "completed",
        /// Some of what was taken was given back.
        PartiallyRefunded = "partially_refunded",
        /// All of what was taken was given back.
        Refunded = "refunded",
        /// Refused for good.
        Failed = "failed",
        /// Ran out before it was paid.
        Expired = "expired",
        /// Given up before it was paid.
        Canceled = "canceled",
        /// Held, and let go again.
        Voided = "voided",
    }
}

impl PaymentStatus {
    /// Whether no outcome is awaited from a connector.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Requested | Self::Processing)
    }
}

/// The status that follows from the amounts of all tenders and all operations of a payment, in their order.
///
/// An open operation comes first: while its outcome is not known, the payment is in motion whatever the amounts say.
/// Amounts of 0 are payments too (a voucher may cover everything), so what was done counts, not only how much.
pub fn derive(tenders: &[TenderAmounts], history: &[Done]) -> PaymentStatus {
    use OperationState::{Created, RequiresAction, Sent, Unknown};
    let any = |state: OperationState| history.iter().any(|done| done.state == state);
    let did = |operation: Operation| history.iter().any(|done| done.did(operation));
    let waits = |done: &Done| done.state == RequiresAction && !done.is_ending;
    if history.iter().any(waits) {
        return PaymentStatus::RequiresAction;
    }
    if any(Sent) || any(Unknown) || any(RequiresAction) {
        return PaymentStatus::Processing;
    }
    if any(Created) {
        return if history.iter().all(|done| done.state == Created) {
            PaymentStatus::Requested
        } else {
            PaymentStatus::Processing
        };
    }
    if let Some(refused) = given_up(history) {
        return match refused.state {
            OperationState::Canceled => PaymentStatus::Canceled,
            OperationState::Expired => PaymentStatus::Expired,
            _ => PaymentStatus::Failed,
        };
    }
    let sum = |amount: fn(TenderAmounts) -> i64| -> i128 {
        tenders.iter().map(|tender| i128::from(amount(*tender))).sum()
    };
    let captured = sum(|t| t.captured_minor);
    let held = sum(TenderAmounts::held_minor);
    if did(Operation::Refund) {
        return if sum(|t| t.refunded_minor) == captured {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::PartiallyRefunded
        };
    }
    if took(history) {
        return if held > 0 {
            PaymentStatus::PartiallyCaptured
        } else {
            PaymentStatus::Completed
        };
    }
    let last_void = history.iter().rev().find(|done| done.did(Operation::Void));
    match last_void {
        Some(void) if held == 0 && void.cause == Cause::Expiry => PaymentStatus::Expired,
        Some(_) if held == 0 => PaymentStatus::Voided,
        _ if did(Operation::Authorize) => PaymentStatus::Authorized,
        _ => PaymentStatus::Requested,
    }
}

/// The status of a payment that was `before`, now that its tenders and operations are these.
///
/// What failed was told as failed, and its order reference may belong to another payment since. It stays so, though a
/// refund that released it may fail later, so that it goes once more.
pub fn follows(before: PaymentStatus, tenders: &[TenderAmounts], history: &[Done]) -> PaymentStatus {
    if before == PaymentStatus::Failed && given_up(history).is_some() {
        return before;
    }
    derive(tenders, history)
}

/// The operation of the order for whose sake the payment is given up: it was refused, and no other one of its tender
/// did the same in its place. Of several connectors that refused, the last one's. What earlier tenders hold or took is to
/// go back then.
pub fn given_up(history: &[Done]) -> Option<&Done> {
    let of_order = |done: &&Done| done.cause.is_of_order();
    history.iter().rev().filter(of_order).find(|refused| {
        let made_good = |later: &Done| {
            later.tender_number == refused.tender_number
                && (later.did(refused.operation) || later.state.is_open())
        };
        refused.state.is_refused() && !history.iter().filter(of_order).any(made_good)
    })
}

/// Whether money was taken.
pub fn took(history: &[Done]) -> bool {
    let takes = |done: &Done| done.did(Operation::Capture) || done.did(Operation::Sale);
    history.iter().any(takes)
}

/// Whether everything was taken that will be: from then on the payment is told of as completed. Of a payment from
/// elsewhere that is recorded later, all tenders are open at once.
pub fn is_complete(tenders: &[TenderAmounts], history: &[Done]) -> bool {
    took(history)
        && !history.iter().any(Done::is_to_come)
        && tenders.iter().all(|tender| tender.held_minor() == 0)
        && given_up(history).is_none()
}

#[cfg(test)]
#[path = "status_tests.rs"]
mod tests;
