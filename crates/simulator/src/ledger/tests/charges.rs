//! What becomes of charges.

use super::*;
use crate::line::Note;

#[test]
fn a_token_orders_what_becomes_of_each_operation() {
    use Operation::{Authorize, Capture, Increment, Refund, Sale, Void};
    for (token, made, steps) in [
        ("tok_ok", Authorize, &[(Capture, None), (Refund, None)][..]),
        ("tok_3ds_frictionless", Sale, &[(Refund, None)]),
        (
            "tok_capture_declined",
            Authorize,
            &[
                (Capture, Some("capture_declined")),
                (Capture, Some("capture_declined")),
                (Void, None),
            ],
        ),
        (
            "tok_refund_declined",
            Sale,
            &[
                (Refund, Some("refund_declined")),
                (Refund, Some("refund_declined")),
            ],
        ),
        (
            "tok_increment_declined",
            Authorize,
            &[(Increment, Some("increment_declined")), (Capture, None)],
        ),
        (
            "tok_void_declined_once",
            Authorize,
            &[
                (Void, Some("try_later")),
                (Void, None),
                (Void, Some("nothing_held")),
            ],
        ),
        ("vch_ok", Sale, &[(Refund, None)]),
        ("pts_ok", Sale, &[(Refund, None)]),
    ] {
        let mut book = Book::charge(made, token);
        for (operation, code) in steps {
            assert_eq!(
                book.follow(*operation, 100).as_deref(),
                *code,
                "{token} {operation:?}"
            );
        }
        assert!(book.events().is_empty(), "{token}");
    }
}

#[test]
fn a_charge_that_is_declined_is_none() {
    for (token, code) in [
        ("tok_declined", "card_declined"),
        ("tok_insufficient_funds", "insufficient_funds"),
        ("vch_declined", "voucher_declined"),
        ("pts_declined", "points_declined"),
        ("pts_insufficient", "insufficient_points"),
        ("tok_nonsense", "invalid_token"),
    ] {
        let mut book = Book::new();
        let entry = book.order("a", Operation::Sale, 100, None, token);
        assert_eq!(entry.decline_code.as_deref(), Some(code));
        assert_eq!(entry.result_charge_id, None);
        assert_eq!(
            book.follow(Operation::Capture, 1).as_deref(),
            Some("no_such_charge")
        );
    }
}

#[test]
fn an_operation_in_another_currency_is_declined() {
    let mut book = Book::charge(Operation::Authorize, "tok_ok");
    let foreign = Order {
        currency: Currency::USD,
        ..order("b", Operation::Capture, 1, Some("chg_a"), "tok_ok")
    };
    book.decide_order(&foreign);
    assert_eq!(book.now("b"), (Outcome::Declined, Some("currency_mismatch")));
}

#[test]
fn an_authorization_is_good_until_it_expires() {
    for (token, length) in [
        ("tok_ok", TimeDelta::days(7)),
        ("tok_expires", TimeDelta::seconds(1)),
    ] {
        let mut book = Book::charge(Operation::Authorize, token);
        let expires_at = book.ledger.find("a").unwrap().expires_at;
        assert_eq!(expires_at, Some(book.now + length), "{token}");
        book.pass(length - TimeDelta::milliseconds(1));
        assert_eq!(book.follow(Operation::Capture, 40), None, "{token}");
        assert_eq!(book.follow(Operation::Increment, 10), None, "{token}");
        book.pass(TimeDelta::milliseconds(1));
        let expired = Some("authorization_expired");
        assert_eq!(book.follow(Operation::Capture, 1).as_deref(), expired, "{token}");
        assert_eq!(
            book.follow(Operation::Increment, 1).as_deref(),
            expired,
            "{token}"
        );
        // What was captured in time can be given back, and the rest is let go of.
        assert_eq!(book.follow(Operation::Refund, 40), None, "{token}");
        assert_eq!(book.follow(Operation::Void, 70), None, "{token}");
    }
}

#[test]
fn a_pending_charge_ends_as_its_buyer_decides() {
    use Operation::{Authorize, Cancel, Capture, Increment, Refund, Sale, Void};
    for (made, choice, after, steps) in [
        (
            Authorize,
            Choice::Approve,
            (Outcome::Approved, None),
            &[(Capture, None), (Refund, None), (Cancel, Some("not_pending"))][..],
        ),
        (
            Sale,
            Choice::Approve,
            (Outcome::Approved, None),
            &[
                (Void, Some("nothing_held")),
                (Increment, Some("nothing_held")),
                (Refund, None),
                (Cancel, Some("not_pending")),
            ],
        ),
        (
            Authorize,
            Choice::Decline,
            (Outcome::Declined, Some("authentication_failed")),
            &[
                (Capture, Some("exceeds_authorized")),
                (Void, Some("nothing_held")),
                (Increment, Some("nothing_held")),
                (Cancel, Some("not_pending")),
            ],
        ),
    ] {
        let mut book = Book::charge(made, "tok_3ds");
        assert_eq!(book.now("a"), (Outcome::Pending, None));
        assert_eq!(book.ledger.totals().charges, 0);
        for (operation, code) in [
            (Capture, "exceeds_authorized"),
            (Void, "nothing_held"),
            (Refund, "exceeds_captured"),
            (Increment, "nothing_held"),
        ] {
            assert_eq!(book.follow(operation, 100).as_deref(), Some(code));
        }
        let decided = book.buyer(choice).unwrap();
        assert_eq!(book.now("a"), after);
        assert_eq!(book.ledger.find("a"), Some(&decided));
        assert_eq!(decided.action, None);
        let is_held = made == Authorize && after.0 == Outcome::Approved;
        assert_eq!(decided.expires_at.is_some(), is_held);
        // Pressed twice: the same, and told once. Otherwise: too late.
        assert_eq!(book.buyer(choice).unwrap(), decided);
        let other = if choice == Choice::Approve {
            Choice::Decline
        } else {
            Choice::Approve
        };
        assert!(matches!(book.buyer(other), Err(Undecided::TooLate(_))));
        assert_eq!(book.events(), [after.1.unwrap_or("Approved")]);
        for (operation, code) in steps {
            assert_eq!(
                book.follow(*operation, 100).as_deref(),
                *code,
                "{made:?} {operation:?}"
            );
        }
        assert_eq!(book.ledger.next_due(), None);
    }
}

#[test]
fn a_pending_charge_that_nobody_decides_expires() {
    let mut book = Book::charge(Operation::Sale, "tok_3ds");
    let action = book.ledger.find("a").unwrap().action.clone().unwrap();
    assert_eq!(action.url, "http://127.0.0.1:8090/network/v1/actions/chg_a");
    assert_eq!(book.ledger.next_due(), Some(action.expires_at));
    // Late by the clock, and not yet said so: nobody may use the gap.
    book.now = action.expires_at;
    assert!(matches!(book.buyer(Choice::Approve), Err(Undecided::TooLate(_))));
    assert_eq!(book.follow(Operation::Cancel, 0).as_deref(), Some("not_pending"));
    book.pass(TimeDelta::zero());
    assert_eq!(book.now("a"), (Outcome::Declined, Some("action_expired")));
    assert_eq!(book.events(), ["action_expired"]);
    assert_eq!(book.ledger.next_due(), None);
}

#[test]
fn a_pending_charge_can_be_canceled_once() {
    let mut book = Book::charge(Operation::Sale, "tok_3ds");
    assert_eq!(book.follow(Operation::Cancel, 0), None);
    assert_eq!(book.now("a"), (Outcome::Declined, Some("canceled")));
    assert_eq!(book.follow(Operation::Cancel, 0).as_deref(), Some("not_pending"));
    assert!(matches!(book.buyer(Choice::Approve), Err(Undecided::TooLate(_))));
    assert_eq!(book.events(), ["canceled"]);
    assert_eq!(book.ledger.next_due(), None);
}

#[test]
fn a_refund_that_fails_later_frees_its_amount_again() {
    let mut book = Book::charge(Operation::Sale, "tok_refund_fails_later");
    assert_eq!(book.follow(Operation::Refund, 100), None);
    assert_eq!(book.ledger.totals().refunded, 1);
    assert_eq!(
        book.follow(Operation::Refund, 1).as_deref(),
        Some("exceeds_captured")
    );
    book.pass(TimeDelta::seconds(1));
    assert_eq!(book.now("1"), (Outcome::Declined, Some("refund_failed")));
    assert_eq!(book.ledger.totals().refunded, 0);
    assert_eq!(book.account().refunded_minor, 0);
    assert_eq!(book.follow(Operation::Refund, 100), None);
    assert_eq!(book.events(), ["refund_failed"]);
}

#[test]
fn a_key_for_another_order_is_refused() {
    let mut book = Book::charge(Operation::Sale, "tok_ok");
    let other = order("a", Operation::Sale, 101, None, "tok_ok");
    assert_eq!(book.decide_order(&other), Decision::Reused);
}

#[test]
fn an_acknowledged_event_is_not_sent_again() {
    let mut book = Book::charge(Operation::Sale, "tok_webhook_twice");
    book.follow(Operation::Refund, 1);
    assert_eq!(book.events().len(), 2);
    let first = book.ledger.events_after(0).next().unwrap().1.id.clone();
    assert!(book.ledger.awaits(&first));
    let event_id = first.clone();
    book.take(Step::one(Line::note(Note::Acknowledged { event_id }), ()));
    assert!(!book.ledger.awaits(&first));
    assert_eq!(book.events().len(), 1);
}
