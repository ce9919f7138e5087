//! What becomes of disputes.

use super::*;
use crate::dispute::State;

#[test]
fn a_dispute_opens_by_itself_once_after_the_first_capture() {
    let mut book = Book::charge(Operation::Authorize, "tok_disputed");
    assert_eq!(book.ledger.next_due(), None);
    book.follow(Operation::Capture, 30);
    book.follow(Operation::Capture, 20);
    book.pass(TimeDelta::seconds(1));
    let disputes: Vec<_> = book
        .ledger
        .disputes
        .values()
        .map(|case| case.dispute.clone())
        .collect();
    assert_eq!(disputes.len(), 1);
    assert_eq!(
        (disputes[0].amount_minor, disputes[0].state),
        (50, State::NeedsResponse)
    );
    book.follow(Operation::Capture, 50);
    book.pass(TimeDelta::days(1));
    assert_eq!(book.ledger.disputes.len(), 1);
    assert_eq!(book.events(), ["needs_response"]);
}

#[test]
fn a_dispute_goes_up_to_what_was_captured_whatever_was_refunded() {
    let mut book = Book::charge(Operation::Sale, "tok_ok");
    book.follow(Operation::Refund, 100);
    assert_eq!(book.dispute(101), Err(Refusal::ExceedsCaptured));
    let first = book.dispute(60).unwrap();
    assert_eq!(book.dispute(41), Err(Refusal::ExceedsCaptured));
    let second = book.dispute(40).unwrap();
    // What is lost stays disputed, what is won does not.
    book.judge(&second, Verdict::Lost).unwrap();
    assert_eq!(book.dispute(1), Err(Refusal::ExceedsCaptured));
    book.judge(&first, Verdict::Won).unwrap();
    book.dispute(60).unwrap();
}

#[test]
fn evidence_is_taken_once_a_key_and_while_it_is_waited_for() {
    let mut book = Book::charge(Operation::Sale, "tok_ok");
    let dispute = book.dispute(100).unwrap();
    let evidence = |key: &str, text: &str| Evidence {
        connector_key: key.to_owned(),
        text: text.to_owned(),
        files: Vec::new(),
    };
    let mut hand_in = |key, text| {
        let step = book
            .ledger
            .take_evidence(&dispute.dispute_id, evidence(key, text), book.now);
        book.take(step)
    };
    let reviewed = hand_in("e", "we sent it").unwrap();
    assert_eq!(reviewed.state, State::UnderReview);
    assert_eq!(hand_in("e", "we sent it"), Ok(reviewed.clone()));
    assert_eq!(hand_in("e", "we did not"), Err(Refusal::KeyReused));
    assert_eq!(hand_in("f", "and more"), Err(Refusal::State(State::UnderReview)));
    let lost = book.judge(&reviewed, Verdict::Lost).unwrap();
    assert_eq!(lost.state, State::Lost);
    assert_eq!(book.judge(&lost, Verdict::Won), Err(Refusal::State(State::Lost)));
    assert_eq!(book.events(), ["needs_response", "under_review", "lost"]);
}

#[test]
fn a_warning_that_becomes_serious_gives_time_anew() {
    let mut book = Book::charge(Operation::Sale, "tok_ok");
    let claim = Claim {
        charge_id: "chg_a".to_owned(),
        amount_minor: 100,
        reason: "unrecognized".to_owned(),
        stage: Stage::Warning,
    };
    let step = book.ledger.open(claim, book.now);
    let warning = book.take(step).unwrap();
    assert_eq!(warning.state, State::Warning);
    book.pass(TimeDelta::days(6));
    let serious = book.judge(&warning, Verdict::NeedsResponse).unwrap();
    assert_eq!(
        serious.evidence_due_at,
        warning.evidence_due_at + TimeDelta::days(6)
    );
    assert_eq!(book.judge(&serious, Verdict::Won).unwrap().state, State::Won);
}
