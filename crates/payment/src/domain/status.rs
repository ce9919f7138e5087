//! The status of a payment: a pure function of its tenders' amounts and operations.

use super::operation::{Operation, OperationState};
use super::payment::TenderAmounts;
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
    /// Whether no outcome is awaited.
    pub const fn is_settled(self) -> bool {
        !matches!(self, Self::Requested | Self::Processing)
    }

    /// Whether a payment may go from here to `next`. Every way back that the outside world can force exists too: a
    /// refund reported as failed later leads from refunded to completed.
    pub const fn may_become(self, next: Self) -> bool {
        use PaymentStatus::{
            Authorized, Canceled, Completed, Expired, Failed, PartiallyCaptured, PartiallyRefunded,
            Processing, Refunded, Requested, RequiresAction, Voided,
        };
        match self {
            Requested => !matches!(next, Requested | PartiallyRefunded | Refunded | Voided),
            RequiresAction => matches!(next, Processing | Failed | Expired | Canceled),
            Processing => !matches!(next, Requested | Processing),
            Authorized => matches!(
                next,
                Processing | PartiallyCaptured | Completed | Expired | Voided
            ),
            PartiallyCaptured => matches!(next, Processing | Completed | PartiallyRefunded | Refunded),
            Completed => matches!(next, Processing | PartiallyRefunded | Refunded),
            PartiallyRefunded => matches!(next, Processing | PartiallyCaptured | Completed | Refunded),
            Refunded => matches!(
                next,
                Processing | PartiallyCaptured | Completed | PartiallyRefunded
            ),
            Failed | Expired | Canceled | Voided => false,
        }
    }
}

words! {
    /// What a caller may ask of a payment that exists.
    Command {
        /// Take what is held.
        Capture = "capture",
        /// Let go of what is held.
        Void = "void",
    }
}

impl Command {
    /// Whether it may be asked for now.
    pub const fn is_allowed_in(self, status: PaymentStatus) -> bool {
        match (self, status) {
            (Self::Capture | Self::Void, PaymentStatus::Authorized) => true,
            (
                Self::Capture | Self::Void,
                PaymentStatus::Requested
                | PaymentStatus::RequiresAction
                | PaymentStatus::Processing
                | PaymentStatus::PartiallyCaptured
                | PaymentStatus::Completed
                | PaymentStatus::PartiallyRefunded
                | PaymentStatus::Refunded
                | PaymentStatus::Failed
                | PaymentStatus::Expired
                | PaymentStatus::Canceled
                | PaymentStatus::Voided,
            ) => false,
        }
    }

    /// The statuses in which it may be asked for, for the guard in SQL.
    pub fn allowed_in(self) -> Vec<&'static str> {
        let allowed = PaymentStatus::ALL
            .iter()
            .filter(|status| self.is_allowed_in(**status));
        allowed.map(|status| status.as_str()).collect()
    }

    /// What is asked of the connector for it.
    pub const fn operation(self) -> Operation {
        match self {
            Self::Capture => Operation::Capture,
            Self::Void => Operation::Void,
        }
    }
}

/// The status that follows from the amounts of all tenders and the states of all operations of a payment.
///
/// An open operation comes first: while its outcome is not known, the payment is in motion whatever the amounts say.
/// Amounts of 0 are payments too (a voucher may cover everything), so what was done counts, not only how much.
pub fn derive(tenders: &[TenderAmounts], operations: &[(Operation, OperationState)]) -> PaymentStatus {
    let any = |state: OperationState| operations.iter().any(|(_, s)| *s == state);
    let did = |operation: Operation| operations.contains(&(operation, OperationState::Succeeded));
    if any(OperationState::Sent) || any(OperationState::Unknown) {
        return PaymentStatus::Processing;
    }
    if any(OperationState::Created) {
        return PaymentStatus::Requested;
    }
    let sum = |amount: fn(&TenderAmounts) -> i64| -> i128 {
        tenders.iter().map(|tender| i128::from(amount(tender))).sum()
    };
    let captured = sum(|t| t.captured_minor);
    let refunded = sum(|t| t.refunded_minor);
    let held = sum(|t| t.authorized_minor) - captured - sum(|t| t.voided_minor);
    if did(Operation::Refund) {
        return if refunded == captured {
            PaymentStatus::Refunded
        } else {
            PaymentStatus::PartiallyRefunded
        };
    }
    if did(Operation::Capture) || did(Operation::Sale) {
        return if held > 0 {
            PaymentStatus::PartiallyCaptured
        } else {
            PaymentStatus::Completed
        };
    }
    if did(Operation::Void) && held == 0 {
        return PaymentStatus::Voided;
    }
    if did(Operation::Authorize) {
        return PaymentStatus::Authorized;
    }
    if any(OperationState::Declined) || any(OperationState::Failed) {
        return PaymentStatus::Failed;
    }
    PaymentStatus::Requested
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{Authorize, Capture, Refund, Sale, Void};
    use OperationState::{Created, Declined, Failed, Sent, Succeeded, Unknown};
    use proptest::prelude::*;

    fn tender(amount: i64) -> TenderAmounts {
        TenderAmounts {
            amount_minor: amount,
            authorized_minor: 0,
            captured_minor: 0,
            voided_minor: 0,
            refunded_minor: 0,
        }
    }

    /// The status after these operations on one tender of 100.
    fn after(history: &[(Operation, i64, OperationState)]) -> PaymentStatus {
        let mut amounts = tender(100);
        for (operation, minor, state) in history {
            if *state == Succeeded {
                amounts = amounts.after(*operation, *minor).unwrap();
            }
        }
        let operations: Vec<_> = history.iter().map(|(o, _, s)| (*o, *s)).collect();
        derive(&[amounts], &operations)
    }

    #[test]
    fn the_status_follows_from_what_was_done() {
        for (history, status) in [
            (vec![], PaymentStatus::Requested),
            (vec![(Sale, 100, Created)], PaymentStatus::Requested),
            (vec![(Sale, 100, Sent)], PaymentStatus::Processing),
            (vec![(Sale, 100, Unknown)], PaymentStatus::Processing),
            (vec![(Sale, 100, Declined)], PaymentStatus::Failed),
            (vec![(Sale, 100, Failed)], PaymentStatus::Failed),
            (vec![(Sale, 100, Succeeded)], PaymentStatus::Completed),
            (vec![(Sale, 0, Succeeded)], PaymentStatus::Completed),
            (vec![(Authorize, 100, Succeeded)], PaymentStatus::Authorized),
            (
                vec![(Authorize, 100, Succeeded), (Capture, 100, Unknown)],
                PaymentStatus::Processing,
            ),
            (
                vec![(Authorize, 100, Succeeded), (Capture, 100, Declined)],
                PaymentStatus::Authorized,
            ),
            (
                vec![(Authorize, 100, Succeeded), (Capture, 40, Succeeded)],
                PaymentStatus::PartiallyCaptured,
            ),
            (
                vec![
                    (Authorize, 100, Succeeded),
                    (Capture, 40, Succeeded),
                    (Void, 60, Succeeded),
                ],
                PaymentStatus::Completed,
            ),
            (
                vec![(Authorize, 100, Succeeded), (Capture, 100, Succeeded)],
                PaymentStatus::Completed,
            ),
            (
                vec![(Authorize, 100, Succeeded), (Void, 100, Succeeded)],
                PaymentStatus::Voided,
            ),
            (
                vec![(Sale, 100, Succeeded), (Refund, 30, Succeeded)],
                PaymentStatus::PartiallyRefunded,
            ),
            (
                vec![(Sale, 100, Succeeded), (Refund, 100, Succeeded)],
                PaymentStatus::Refunded,
            ),
            (
                vec![(Sale, 100, Succeeded), (Refund, 100, Failed)],
                PaymentStatus::Completed,
            ),
        ] {
            assert_eq!(after(&history), status, "{history:?}");
        }
    }

    #[test]
    fn capture_and_void_are_allowed_only_while_authorized() {
        for command in Command::ALL {
            for status in PaymentStatus::ALL {
                let expected = *status == PaymentStatus::Authorized;
                assert_eq!(
                    command.is_allowed_in(*status),
                    expected,
                    "{command:?} in {status:?}"
                );
            }
            assert_eq!(command.allowed_in(), ["authorized"], "{command:?}");
        }
    }

    #[test]
    fn nothing_follows_a_payment_that_took_no_money_for_good() {
        for from in [
            PaymentStatus::Failed,
            PaymentStatus::Expired,
            PaymentStatus::Canceled,
            PaymentStatus::Voided,
        ] {
            assert!(
                PaymentStatus::ALL.iter().all(|to| !from.may_become(*to)),
                "{from:?}"
            );
        }
    }

    #[test]
    fn a_tender_never_gives_more_than_it_holds() {
        let held = tender(100).after(Authorize, 100).unwrap();
        for (amounts, operation, minor) in [
            (held, Capture, 101),
            (held, Void, 101),
            (held, Refund, 1),
            (held, Capture, -1),
            (held.after(Capture, 60).unwrap(), Void, 41),
            (held.after(Capture, 60).unwrap(), Refund, 61),
            (held, Authorize, i64::MAX),
        ] {
            assert_eq!(amounts.after(operation, minor), None, "{operation:?} {minor}");
        }
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop::sample::select(Operation::ALL)
    }

    fn outcome() -> impl Strategy<Value = OperationState> {
        prop::sample::select(&[Succeeded, Declined, Failed][..])
    }

    proptest! {
        /// Begins an operation, leaves it open, ends it: the derived status only ever moves as the table says.
        #[test]
        fn the_derived_status_moves_only_as_the_table_says(
            steps in prop::collection::vec((operation(), 0_i64..=100, outcome()), 0..12)
        ) {
            let mut amounts = tender(100);
            let mut operations = Vec::new();
            let mut status = derive(&[amounts], &operations);
            for (operation, minor, outcome) in steps {
                let allowed = match operation {
                    Authorize | Sale => operations.iter().all(|(_, s)| *s != Succeeded),
                    _ => operations.iter().any(|(_, s)| *s == Succeeded),
                } && !matches!(status, PaymentStatus::Failed | PaymentStatus::Voided);
                let Some(next) = amounts.after(operation, minor).filter(|_| allowed) else { continue };
                for state in [Sent, Unknown, outcome] {
                    if state == Sent { operations.push((operation, state)) }
                    if let Some(last) = operations.last_mut() { last.1 = state }
                    if state == Succeeded { amounts = next }
                    let to = derive(&[amounts], &operations);
                    prop_assert!(to == status || status.may_become(to), "{status:?} -> {to:?}: {operations:?}");
                    status = to;
                }
            }
        }
    }
}
