//! What an intent says.

use super::*;
use serde_json::{Value, json};

/// 2026-11-22 in seconds since 1970.
const CREATED: i64 = 1_795_000_000;

/// One that succeeded, but for `change`.
pub(in super::super) fn intent(change: &Value) -> Intent {
    let mut whole = json!({
        "id": "pi_1", "object": "payment_intent", "status": "succeeded", "amount": 10_000,
        "amount_capturable": 0, "amount_received": 10_000, "created": CREATED,
        "metadata": {"transaction_id": "txn_1", "payment_id": "pay_1"}, "next_action": null,
        "last_payment_error": null, "cancellation_reason": null, "latest_charge": "ch_1",
    });
    for (name, value) in change.as_object().unwrap() {
        whole[name] = value.clone();
    }
    serde_json::from_value(whole).unwrap()
}

fn at(seconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(seconds, 0)
}

fn charge(before: i64, multicapture: &str) -> Value {
    json!({"id": "ch_1", "object": "charge", "payment_method_details": {"type": "card", "card": {
        "brand": "visa", "capture_before": before, "multicapture": {"status": multicapture}}}})
}

#[test]
fn every_status_has_its_outcome() {
    let done = |held_until| Outcome::Succeeded {
        reference: Some("pi_1".to_owned()),
        held_until,
    };
    let page = json!({"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example"}});
    let error = json!({"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds",
                       "message": "no money"});
    let week = CREATED + 7 * 86_400;
    for (change, expected) in [
        (json!({}), done(at(CREATED))),
        (json!({"status": "requires_capture"}), done(at(week))),
        (
            json!({"status": "requires_capture", "latest_charge": charge(CREATED + 5, "available")}),
            done(at(CREATED + 5)),
        ),
        (
            json!({"status": "requires_action", "next_action": page}),
            Outcome::RequiresAction {
                reference: "pi_1".to_owned(),
                action: Action {
                    url: "https://bank.example".to_owned(),
                    until: at(CREATED + 3_600).unwrap(),
                },
            },
        ),
        (
            json!({"status": "requires_payment_method", "last_payment_error": error}),
            Outcome::Declined(Failure {
                code: "insufficient_funds".to_owned(),
                detail: "no money".to_owned(),
            }),
        ),
        (
            json!({"status": "canceled", "cancellation_reason": "requested_by_customer"}),
            Outcome::GivenUp(Ending::Canceled),
        ),
        (
            json!({"status": "canceled", "cancellation_reason": "abandoned"}),
            Outcome::GivenUp(Ending::Expired),
        ),
        (
            json!({"status": "canceled", "cancellation_reason": "automatic"}),
            Outcome::GivenUp(Ending::Expired),
        ),
    ] {
        assert_eq!(intent(&change).outcome(), expected, "{change}");
    }
}

#[test]
fn what_is_not_over_is_not_known() {
    for status in [
        "processing",
        "requires_confirmation",
        "requires_payment_method",
        "requires_action",
        "a_new_word",
    ] {
        assert_eq!(
            intent(&json!({"status": status})).outcome().as_str(),
            "unknown",
            "{status}"
        );
    }
}

#[test]
fn how_it_was_given_up_is_read_from_the_reason_that_was_given() {
    for ending in Ending::ALL {
        let given_up = intent(&json!({"status": "canceled", "cancellation_reason": reason(Some(*ending))}));
        assert_eq!(given_up.outcome(), Outcome::GivenUp(*ending));
        assert_eq!(given_up.outcome_of_unknown().as_str(), "failed");
    }
}

#[test]
fn several_captures_need_a_charge_that_takes_them() {
    for (latest, expected) in [
        (json!("ch_1"), false),
        (json!(null), false),
        (charge(CREATED, "unavailable"), false),
        (charge(CREATED, "available"), true),
        (json!({"id": "ch_1", "payment_method_details": null}), false),
    ] {
        let intent = intent(&json!({"latest_charge": latest}));
        assert_eq!(intent.takes_several_captures(), expected, "{latest}");
    }
}
