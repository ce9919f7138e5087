use ids::TransactionId;

use super::*;
use Operation::{Authorize, Capture, Increment, Refund, Sale, Void};
use OperationState::{
    Canceled, Created, Declined, Expired, Failed, RequiresAction, Sent, Succeeded, Unknown,
};

fn done(
    cause: Cause,
    tender_number: i32,
    operation: Operation,
    amount_minor: i64,
    state: OperationState,
) -> Done {
    Done {
        id: TransactionId::generate(),
        tender_number,
        operation,
        cause,
        connector: None,
        change_id: None,
        state,
        amount_minor,
        parts: Vec::new(),
        connector_reference: None,
        refusal: None,
        is_ending: false,
        attempts: 0,
    }
}

/// The status after these operations on tenders of 100 each.
fn after(history: &[Done]) -> PaymentStatus {
    let count = history.iter().map(|done| done.tender_number).max().unwrap_or(1);
    let mut tenders = vec![TenderAmounts::of(100); usize::try_from(count).unwrap()];
    for done in history.iter().filter(|done| done.state == Succeeded) {
        let tender = &mut tenders[usize::try_from(done.tender_number).unwrap() - 1];
        *tender = tender.after(done.operation, done.amount_minor).unwrap();
    }
    derive(&tenders, history)
}

#[test]
fn the_status_follows_from_what_was_done() {
    use PaymentStatus as Is;
    let order = |operation, minor, state| done(Cause::Order, 1, operation, minor, state);
    let asked = |operation, minor, state| done(Cause::Caller, 1, operation, minor, state);
    let ran_out = |minor| done(Cause::Expiry, 1, Void, minor, Succeeded);
    let held = || order(Authorize, 100, Succeeded);
    let sold = || order(Sale, 100, Succeeded);
    for (history, status) in [
        (vec![], Is::Requested),
        (vec![order(Sale, 100, Created)], Is::Requested),
        (vec![order(Sale, 100, Sent)], Is::Processing),
        (vec![order(Sale, 100, Unknown)], Is::Processing),
        (vec![order(Sale, 100, RequiresAction)], Is::RequiresAction),
        (vec![order(Sale, 100, Declined)], Is::Failed),
        (vec![order(Sale, 100, Failed)], Is::Failed),
        (vec![order(Sale, 100, Canceled)], Is::Canceled),
        (vec![order(Sale, 100, Expired)], Is::Expired),
        (vec![sold()], Is::Completed),
        (vec![order(Sale, 0, Succeeded)], Is::Completed),
        (vec![held()], Is::Authorized),
        (vec![held(), asked(Increment, 50, Sent)], Is::Processing),
        (vec![held(), asked(Increment, 50, Declined)], Is::Authorized),
        (
            vec![
                held(),
                asked(Increment, 50, Succeeded),
                asked(Capture, 100, Succeeded),
            ],
            Is::PartiallyCaptured,
        ),
        (vec![held(), asked(Capture, 100, Sent)], Is::Processing),
        (vec![held(), asked(Capture, 100, Declined)], Is::Authorized),
        (vec![held(), asked(Capture, 40, Succeeded)], Is::PartiallyCaptured),
        (
            vec![
                held(),
                asked(Capture, 40, Succeeded),
                asked(Capture, 60, Succeeded),
            ],
            Is::Completed,
        ),
        (
            vec![held(), asked(Capture, 40, Succeeded), asked(Void, 60, Succeeded)],
            Is::Completed,
        ),
        (
            vec![held(), asked(Capture, 40, Succeeded), ran_out(60)],
            Is::Completed,
        ),
        (vec![held(), asked(Void, 100, Succeeded)], Is::Voided),
        (vec![held(), asked(Void, 30, Succeeded)], Is::Authorized),
        (vec![held(), ran_out(100)], Is::Expired),
        (vec![sold(), asked(Refund, 30, Succeeded)], Is::PartiallyRefunded),
        (vec![sold(), asked(Refund, 100, Succeeded)], Is::Refunded),
        (vec![sold(), asked(Refund, 100, Failed)], Is::Completed),
        (
            vec![sold(), asked(Refund, 30, Succeeded), asked(Refund, 70, Failed)],
            Is::PartiallyRefunded,
        ),
        (
            vec![
                held(),
                asked(Capture, 40, Succeeded),
                asked(Refund, 40, Succeeded),
            ],
            Is::Refunded,
        ),
        (
            vec![
                held(),
                asked(Capture, 40, Succeeded),
                asked(Refund, 40, Succeeded),
                asked(Capture, 60, Succeeded),
            ],
            Is::PartiallyRefunded,
        ),
    ] {
        assert_eq!(after(&history), status, "{history:?}");
    }
}

#[test]
fn what_a_later_tender_ends_with_decides_once_the_earlier_ones_are_let_go() {
    use PaymentStatus as Is;
    let held = || done(Cause::Order, 1, Authorize, 100, Succeeded);
    let refused = |state| done(Cause::Order, 2, Authorize, 100, state);
    let release = |state| done(Cause::Release, 1, Void, 100, state);
    for (history, status) in [
        (vec![held(), refused(Sent)], Is::Processing),
        (vec![held(), refused(RequiresAction)], Is::RequiresAction),
        (vec![held(), refused(Declined), release(Sent)], Is::Processing),
        // A release that was refused is tried again later.
        (
            vec![held(), refused(Declined), release(Declined), release(Created)],
            Is::Processing,
        ),
        (vec![held(), refused(Declined), release(Succeeded)], Is::Failed),
        (vec![held(), refused(Canceled), release(Succeeded)], Is::Canceled),
        (vec![held(), refused(Expired), release(Succeeded)], Is::Expired),
        // Another one did what the first refused.
        (
            vec![held(), refused(Declined), refused(Succeeded)],
            Is::Authorized,
        ),
    ] {
        assert_eq!(after(&history), status, "{history:?}");
    }
    let taken = vec![
        held(),
        refused(Succeeded),
        done(Cause::Order, 1, Capture, 100, Succeeded),
        done(Cause::Order, 2, Capture, 100, Declined),
        done(Cause::Release, 2, Void, 100, Succeeded),
        done(Cause::Release, 1, Refund, 100, Succeeded),
    ];
    assert_eq!(after(&taken), Is::Failed);
    let amounts = [TenderAmounts::of(0)];
    assert!(!is_complete(&amounts, &taken));
}

#[test]
fn what_failed_stays_failed_while_its_release_goes_once_more() {
    let history = |release| {
        vec![
            done(Cause::Order, 1, Authorize, 100, Succeeded),
            done(Cause::Order, 2, Authorize, 100, Succeeded),
            done(Cause::Order, 1, Capture, 100, Succeeded),
            done(Cause::Order, 2, Capture, 100, Declined),
            done(Cause::Release, 2, Void, 100, Succeeded),
            // It was told as done, and failed later.
            done(Cause::Release, 1, Refund, 100, Failed),
            done(Cause::Release, 1, Refund, 100, release),
        ]
    };
    for release in [Created, Sent, Unknown, Failed, Succeeded] {
        let status = follows(PaymentStatus::Failed, &[], &history(release));
        assert_eq!(status, PaymentStatus::Failed, "{release:?}");
    }
    // Before it was told, it is in motion.
    let status = follows(PaymentStatus::Processing, &[], &history(Sent));
    assert_eq!(status, PaymentStatus::Processing);
}

#[test]
fn what_another_connector_does_in_the_place_of_the_first_decides() {
    use PaymentStatus as Is;
    let first = || done(Cause::Order, 1, Sale, 100, Declined);
    let second = |state| done(Cause::Fallback, 1, Sale, 100, state);
    for (state, status) in [
        (Created, Is::Processing),
        (Sent, Is::Processing),
        (Unknown, Is::Processing),
        (RequiresAction, Is::RequiresAction),
        (Succeeded, Is::Completed),
        (Declined, Is::Failed),
        (Failed, Is::Failed),
        (Canceled, Is::Canceled),
        (Expired, Is::Expired),
    ] {
        let history = [first(), second(state)];
        assert_eq!(after(&history), status, "{state:?}");
        let last = state.is_refused().then_some(state);
        assert_eq!(given_up(&history).map(|done| done.state), last, "{state:?}");
        let sold = TenderAmounts::of(100).after(Sale, 100).unwrap();
        assert_eq!(is_complete(&[sold], &history), state == Succeeded, "{state:?}");
    }
}

#[test]
fn a_payment_is_complete_when_every_tender_was_taken() {
    let sale = |tender, state| done(Cause::Order, tender, Sale, 100, state);
    let sold = TenderAmounts::of(100).after(Sale, 100).unwrap();
    for (second, is_it) in [(Created, false), (Sent, false), (Succeeded, true)] {
        let history = [sale(1, Succeeded), sale(2, second)];
        let rest = if is_it { sold } else { TenderAmounts::of(100) };
        assert_eq!(is_complete(&[sold, rest], &history), is_it, "{second:?}");
    }
    // What is asked of it later changes nothing about that.
    let back = done(Cause::Caller, 1, Refund, 100, Sent);
    assert!(is_complete(&[sold], &[sale(1, Succeeded), back]));
}
