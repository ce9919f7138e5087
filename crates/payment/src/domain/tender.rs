//! One means by which a payment is paid, and the amounts that operations move.

use chrono::{DateTime, Utc};
use contracts::events::TenderKind;
use ids::TenderId;

use super::method::PaidBy;
use super::operation::Operation;
use super::token::Token;

/// The amounts of a tender in minor units, all 0 or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[allow(clippy::struct_field_names, reason = "units stand last in a name")]
pub struct TenderAmounts {
    /// What is to be paid by it.
    pub amount_minor: i64,
    /// What was held.
    pub authorized_minor: i64,
    /// What was taken of it.
    pub captured_minor: i64,
    /// What was let go of it.
    pub voided_minor: i64,
    /// What was given back.
    pub refunded_minor: i64,
    /// What buyers' banks took back and did not return.
    pub disputed_minor: i64,
}

impl TenderAmounts {
    /// A tender of that amount, of which nothing was done yet.
    pub const fn of(amount_minor: i64) -> Self {
        Self {
            amount_minor,
            authorized_minor: 0,
            captured_minor: 0,
            voided_minor: 0,
            refunded_minor: 0,
            disputed_minor: 0,
        }
    }

    /// What is held and was neither taken nor let go.
    pub const fn held_minor(self) -> i64 {
        self.authorized_minor
            .saturating_sub(self.captured_minor)
            .saturating_sub(self.voided_minor)
    }

    /// What was taken and neither given back nor disputed. A bank may dispute more than is left.
    pub const fn kept_minor(self) -> i64 {
        let left = self.captured_minor.saturating_sub(self.refunded_minor);
        let kept = left.saturating_sub(self.disputed_minor);
        if kept < 0 { 0 } else { kept }
    }

    /// The most that an operation may be for: what is held, or what was kept. None where nothing bounds it.
    pub const fn most_minor(self, operation: Operation) -> Option<i64> {
        match operation {
            Operation::Authorize | Operation::Sale | Operation::Increment => None,
            Operation::Capture | Operation::Void => Some(self.held_minor()),
            Operation::Refund => Some(self.kept_minor()),
        }
    }

    /// The amounts after `operation` succeeded for `minor`. None where that breaks captured + voided <= authorized
    /// or refunded <= captured, or does not fit 64 bits.
    #[must_use]
    pub fn after(self, operation: Operation, minor: i64) -> Option<Self> {
        let mut next = self;
        match operation {
            Operation::Authorize => next.authorized_minor = self.authorized_minor.checked_add(minor)?,
            Operation::Sale => {
                next.authorized_minor = self.authorized_minor.checked_add(minor)?;
                next.captured_minor = self.captured_minor.checked_add(minor)?;
            }
            Operation::Increment => {
                next.amount_minor = self.amount_minor.checked_add(minor)?;
                next.authorized_minor = self.authorized_minor.checked_add(minor)?;
            }
            Operation::Capture => next.captured_minor = self.captured_minor.checked_add(minor)?,
            Operation::Void => next.voided_minor = self.voided_minor.checked_add(minor)?,
            Operation::Refund => next.refunded_minor = self.refunded_minor.checked_add(minor)?,
        }
        next.checked(minor)
    }

    /// The amounts after a refund of `minor` that had succeeded was reported as failed.
    #[must_use]
    pub fn after_reversal(self, minor: i64) -> Option<Self> {
        Self {
            refunded_minor: self.refunded_minor.checked_sub(minor)?,
            ..self
        }
        .checked(minor)
    }

    fn checked(self, minor: i64) -> Option<Self> {
        let used = self.captured_minor.checked_add(self.voided_minor)?;
        let holds = used <= self.authorized_minor
            && self.refunded_minor <= self.captured_minor
            && self.refunded_minor >= 0
            && minor >= 0;
        holds.then_some(self)
    }
}

/// One means by which one payment is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tender {
    /// Its name.
    pub id: TenderId,
    /// 1, 2, 3, ... within the payment.
    pub number: i32,
    /// Card, transfer, ...
    pub kind: TenderKind,
    /// How much, and what became of it.
    pub amounts: TenderAmounts,
    /// The connector's token; none where no connector is called.
    pub token: Option<Token>,
    /// What can be shown of the stored means that it is paid by, where there is one.
    pub paid_by: Option<PaidBy>,
    /// Its place when money goes back: the lowest first.
    pub refund_rank: i32,
    /// Until when the connector holds what is held.
    pub held_until: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use Operation::{Authorize, Capture, Increment, Refund, Sale, Void};
    use proptest::prelude::*;

    #[test]
    fn a_tender_never_gives_more_than_it_holds() {
        let held = TenderAmounts::of(100).after(Authorize, 100).unwrap();
        for (amounts, operation, minor) in [
            (held, Capture, 101),
            (held, Void, 101),
            (held, Refund, 1),
            (held, Capture, -1),
            (held.after(Capture, 60).unwrap(), Void, 41),
            (held.after(Capture, 60).unwrap(), Refund, 61),
            (held, Authorize, i64::MAX),
            (held, Increment, i64::MAX),
        ] {
            assert_eq!(amounts.after(operation, minor), None, "{operation:?} {minor}");
        }
    }

    #[test]
    fn a_capture_may_follow_a_refund_and_a_reversal_gives_back_what_was_given_back() {
        let amounts = TenderAmounts::of(100).after(Authorize, 100).unwrap();
        let amounts = amounts.after(Capture, 60).unwrap().after(Refund, 60).unwrap();
        assert_eq!((amounts.held_minor(), amounts.kept_minor()), (40, 0));
        let amounts = amounts.after(Capture, 40).unwrap();
        assert_eq!((amounts.held_minor(), amounts.kept_minor()), (0, 40));
        let amounts = amounts.after_reversal(60).unwrap();
        assert_eq!(amounts.kept_minor(), 100);
        assert_eq!(amounts.after_reversal(1), None);
    }

    proptest! {
        /// Whatever is tried in whatever order, what is accepted keeps the rules, and exactly what fits is accepted.
        #[test]
        fn no_sequence_breaks_the_rules(
            steps in prop::collection::vec((prop::sample::select(Operation::ALL), -1_i64..=120), 0..40)
        ) {
            let mut amounts = TenderAmounts::of(100);
            for (operation, minor) in steps {
                let fits = minor >= 0 && amounts.most_minor(operation).is_none_or(|most| minor <= most);
                let next = amounts.after(operation, minor);
                prop_assert_eq!(next.is_some(), fits, "{:?} {} of {:?}", operation, minor, amounts);
                amounts = next.unwrap_or(amounts);
                prop_assert!(amounts.captured_minor + amounts.voided_minor <= amounts.authorized_minor);
                prop_assert!(amounts.refunded_minor <= amounts.captured_minor);
            }
        }

        #[test]
        fn a_sale_is_an_authorization_and_its_capture(minor in 0_i64..1_000) {
            let tender = TenderAmounts::of(minor);
            let both = tender.after(Authorize, minor).and_then(|held| held.after(Capture, minor));
            prop_assert_eq!(tender.after(Sale, minor), both);
        }
    }
}
