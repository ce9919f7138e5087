//! The amounts of one charge. Always: captured + released <= held, and refunded <= captured.

use crate::charge::Operation;

/// What is held, taken, let go and given back, in minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_field_names, reason = "amounts carry their unit")]
pub(crate) struct Account {
    pub(crate) held_minor: i64,
    pub(crate) captured_minor: i64,
    pub(crate) released_minor: i64,
    pub(crate) refunded_minor: i64,
}

impl Account {
    /// What is held and neither taken nor let go.
    pub(crate) fn rest_minor(&self) -> i64 {
        self.held_minor
            .saturating_sub(self.captured_minor)
            .saturating_sub(self.released_minor)
    }

    /// What was taken and not given back.
    pub(crate) fn kept_minor(&self) -> i64 {
        self.captured_minor.saturating_sub(self.refunded_minor)
    }

    /// Why the amounts don't allow that, if they don't.
    pub(crate) fn refusal(&self, operation: Operation, amount_minor: i64) -> Option<&'static str> {
        match operation {
            Operation::Void if self.rest_minor() == 0 => Some("nothing_held"),
            Operation::Capture | Operation::Void if amount_minor > self.rest_minor() => {
                Some("exceeds_authorized")
            }
            Operation::Refund if amount_minor > self.kept_minor() => Some("exceeds_captured"),
            // Wholly let go, at once or after some captures: there is nothing left that could grow.
            Operation::Increment if self.released_minor > 0 && self.rest_minor() == 0 => Some("nothing_held"),
            _ => None,
        }
    }

    /// Does what was not refused.
    pub(crate) fn apply(&mut self, operation: Operation, amount_minor: i64) {
        let add = |sum: &mut i64| *sum = sum.saturating_add(amount_minor);
        match operation {
            Operation::Authorize | Operation::Increment => add(&mut self.held_minor),
            Operation::Sale => {
                add(&mut self.held_minor);
                add(&mut self.captured_minor);
            }
            Operation::Capture => add(&mut self.captured_minor),
            Operation::Void => add(&mut self.released_minor),
            Operation::Refund => add(&mut self.refunded_minor),
            Operation::Cancel => {}
        }
    }

    /// A refund has failed: it is not given back after all.
    pub(crate) fn take_back(&mut self, refund_minor: i64) {
        self.refunded_minor = self.refunded_minor.saturating_sub(refund_minor);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{Authorize, Capture, Increment, Refund, Sale, Void};
    use proptest::prelude::*;

    #[test]
    fn amounts_allow_what_is_left_and_no_more() {
        for (steps, expected) in [
            (&[(Authorize, 100), (Capture, 100)][..], None),
            (&[(Authorize, 100), (Capture, 101)], Some("exceeds_authorized")),
            (&[(Authorize, 100), (Capture, 40), (Capture, 60)], None),
            (
                &[(Authorize, 100), (Capture, 40), (Capture, 61)],
                Some("exceeds_authorized"),
            ),
            (
                &[(Authorize, 100), (Void, 30), (Capture, 71)],
                Some("exceeds_authorized"),
            ),
            (&[(Authorize, 100), (Capture, 40), (Void, 60)], None),
            (
                &[(Authorize, 100), (Capture, 40), (Void, 61)],
                Some("exceeds_authorized"),
            ),
            (&[(Authorize, 100), (Void, 100), (Void, 1)], Some("nothing_held")),
            (&[(Sale, 100), (Void, 1)], Some("nothing_held")),
            (&[(Sale, 100), (Refund, 40), (Refund, 60)], None),
            (
                &[(Sale, 100), (Refund, 40), (Refund, 61)],
                Some("exceeds_captured"),
            ),
            (&[(Authorize, 100), (Refund, 1)], Some("exceeds_captured")),
            (&[(Authorize, 100), (Increment, 50), (Capture, 150)], None),
            (&[(Authorize, 100), (Capture, 100), (Increment, 50)], None),
            (
                &[(Authorize, 100), (Void, 100), (Increment, 50)],
                Some("nothing_held"),
            ),
            (
                &[(Authorize, 100), (Capture, 40), (Void, 60), (Increment, 1)],
                Some("nothing_held"),
            ),
        ] {
            let mut account = Account::default();
            let (last, before) = steps.split_last().unwrap();
            for (operation, amount) in before {
                assert_eq!(account.refusal(*operation, *amount), None, "{steps:?}");
                account.apply(*operation, *amount);
            }
            assert_eq!(account.refusal(last.0, last.1), expected, "{steps:?}");
        }
    }

    fn any_step() -> impl Strategy<Value = (Operation, i64)> {
        let operation = prop::sample::select(vec![Capture, Void, Refund, Increment]);
        (operation, 0_i64..150)
    }

    proptest! {
        #[test]
        fn what_is_allowed_keeps_the_amounts_in_order(
            first in prop::sample::select(vec![Authorize, Sale]),
            steps in prop::collection::vec(any_step(), 0..40),
        ) {
            let mut account = Account::default();
            account.apply(first, 100);
            for (operation, amount_minor) in steps {
                if account.refusal(operation, amount_minor).is_none() {
                    account.apply(operation, amount_minor);
                }
                prop_assert!(account.captured_minor + account.released_minor <= account.held_minor, "{account:?}");
                prop_assert!(account.refunded_minor <= account.captured_minor, "{account:?}");
            }
        }
    }
}
