//! Signatures and events as Stripe makes them.

use super::*;
use crate::domain::Ending;
use axum::http::HeaderMap;
use bytes::Bytes;
use contracts::events::DisputeState;
use hmac::{Hmac, KeyInit as _, Mac as _};
use money::{Currency, Money};
use serde_json::json;
use sha2::Sha256;

const NOW: i64 = 1_795_000_000;
const BODY: &str = r#"{"id": "evt_1"}"#;

fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{body}").as_bytes());
    hex::encode(mac.finalize().into_bytes())
}

fn raw(header: &str, body: &str) -> RawWebhook {
    let mut headers = HeaderMap::new();
    headers.insert(HEADER, header.parse().unwrap());
    RawWebhook {
        headers,
        body: Bytes::copy_from_slice(body.as_bytes()),
    }
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(NOW, 0).unwrap()
}

#[test]
fn only_what_was_signed_lately_with_a_secret_of_ours_is_believed() {
    let secrets = Secrets::parse_as_text("whsec_old,whsec_new").unwrap();
    let by = |secret: &str, seconds: i64| signature(secret, seconds, BODY);
    let (old, new) = (by("whsec_old", NOW), by("whsec_new", NOW));
    let missing = Err(WebhookRefusal::Header(HEADER));
    for (header, expected) in [
        (format!("t={NOW},v1={old}"), Ok(())),
        (format!("t={NOW},v1={new}"), Ok(())),
        (
            format!("t={NOW}, v1={}, v1={new}, v0=ab", by("whsec_other", NOW)),
            Ok(()),
        ),
        (
            format!("t={},v1={}", NOW - 300, by("whsec_new", NOW - 300)),
            Ok(()),
        ),
        (
            format!("t={},v1={}", NOW - 301, by("whsec_new", NOW - 301)),
            Err(WebhookRefusal::Time),
        ),
        (
            format!("t={},v1={}", NOW + 301, by("whsec_new", NOW + 301)),
            Err(WebhookRefusal::Time),
        ),
        (
            format!("t={NOW},v1={}", by("whsec_new", NOW - 1)),
            Err(WebhookRefusal::Signature),
        ),
        (
            format!("t={NOW},v1={}", by("new", NOW)),
            Err(WebhookRefusal::Signature),
        ),
        (format!("t={NOW},v0={new}"), Err(WebhookRefusal::Signature)),
        (format!("t={NOW},v1="), Err(WebhookRefusal::Signature)),
        (format!("t={NOW},v1=zz"), Err(WebhookRefusal::Signature)),
        (format!("v1={new}"), missing),
        ("t=soon,v1=ab".to_owned(), missing),
        ("nothing".to_owned(), missing),
    ] {
        let verified = verify(&secrets, &raw(&header, BODY), now());
        assert_eq!(
            verified.as_ref().map(|_| ()).map_err(|why| *why),
            expected,
            "{header}"
        );
        if let Ok(verified) = verified {
            assert_eq!(verified.event_id, "evt_1");
        }
    }
    let header = format!("t={NOW},v1={new}");
    let other = raw(&header, r#"{"id": "evt_2"}"#);
    assert_eq!(verify(&secrets, &other, now()), Err(WebhookRefusal::Signature));
    let none = Secrets::default();
    assert_eq!(
        verify(&none, &raw(&header, BODY), now()),
        Err(WebhookRefusal::NoSecret)
    );
}

fn told(kind: &str, object: &Value) -> Result<Told, String> {
    let event = json!({"id": "evt_1", "object": "event", "type": kind, "created": NOW,
                       "api_version": "2026-08-26.dahlia", "data": {"object": object}});
    read(event.to_string().as_bytes())
}

fn intent(status: &str) -> Value {
    json!({"id": "pi_1", "object": "payment_intent", "status": status, "amount": 100, "created": NOW,
           "metadata": {"transaction_id": "txn_1"}, "latest_charge": "ch_1",
           "cancellation_reason": "abandoned",
           "last_payment_error": {"type": "card_error", "decline_code": "lost_card", "message": "lost"},
           "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": "https://bank.example"}}})
}

fn refund(status: &str) -> Value {
    json!({"id": "re_1", "object": "refund", "status": status, "payment_intent": "pi_1",
           "failure_reason": "lost_or_stolen_card", "metadata": {"transaction_id": "txn_1"}})
}

#[test]
fn an_event_tells_what_became_of_the_operation_whose_key_it_bears() {
    for (kind, object, expected) in [
        ("payment_intent.succeeded", intent("succeeded"), "succeeded"),
        (
            "payment_intent.amount_capturable_updated",
            intent("requires_capture"),
            "succeeded",
        ),
        (
            "payment_intent.payment_failed",
            intent("requires_payment_method"),
            "declined",
        ),
        ("payment_intent.canceled", intent("canceled"), "given_up"),
        (
            "payment_intent.requires_action",
            intent("requires_action"),
            "requires_action",
        ),
        ("refund.updated", refund("succeeded"), "succeeded"),
        ("refund.failed", refund("failed"), "declined"),
        ("charge.refund.updated", refund("canceled"), "declined"),
    ] {
        match told(kind, &object) {
            Ok(Told::Operation { key, outcome }) => {
                assert_eq!((key.as_str(), outcome.as_str()), ("txn_1", expected), "{kind}");
            }
            other => panic!("{kind}: {other:?}"),
        }
    }
    let abandoned = told("payment_intent.canceled", &intent("canceled"));
    let expected = Told::Operation {
        key: "txn_1".to_owned(),
        outcome: Outcome::GivenUp(Ending::Expired),
    };
    assert_eq!(abandoned, Ok(expected));
}

#[test]
fn what_is_not_over_or_not_ours_tells_nothing() {
    let mut foreign = intent("succeeded");
    foreign["metadata"] = json!({});
    let mut bare = refund("succeeded");
    bare["metadata"] = json!(null);
    for (kind, object) in [
        ("payment_intent.succeeded", foreign),
        ("refund.updated", bare),
        ("refund.created", refund("pending")),
        ("payment_intent.requires_action", intent("processing")),
        ("customer.created", json!({})),
    ] {
        assert!(matches!(told(kind, &object), Ok(Told::Nothing(_))), "{kind}");
    }
    assert!(told("payment_intent.succeeded", &json!({"id": "pi_1"})).is_err());
}

fn dispute(status: &str, currency: &str) -> Value {
    json!({"id": "dp_1", "object": "dispute", "amount": 500, "currency": currency, "charge": "ch_1",
           "payment_intent": "pi_1", "reason": "fraudulent", "status": status, "metadata": {},
           "evidence_details": {"due_by": NOW + 60}})
}

#[test]
fn the_word_of_a_dispute_tells_whether_the_bank_has_the_money() {
    for (status, is_withdrawn) in [
        ("warning_needs_response", false),
        ("warning_under_review", false),
        ("warning_closed", false),
        ("prevented", false),
        ("needs_response", true),
        ("under_review", true),
        ("lost", true),
        ("won", false),
    ] {
        match told("charge.dispute.updated", &dispute(status, "krw")) {
            Ok(Told::Dispute(news)) => {
                assert_eq!(news.is_withdrawn, Some(is_withdrawn), "{status}");
                // Nor does its state tell otherwise.
                assert_eq!(
                    crate::domain::dispute::is_withdrawn(&news, !is_withdrawn),
                    is_withdrawn,
                    "{status}"
                );
            }
            other => panic!("{status}: {other:?}"),
        }
    }
}

#[test]
fn a_dispute_goes_forward_within_a_second() {
    let mut before = None;
    for (status, state) in [
        ("warning_needs_response", DisputeState::Warning),
        ("needs_response", DisputeState::NeedsResponse),
        ("under_review", DisputeState::UnderReview),
        ("lost", DisputeState::Lost),
    ] {
        let Ok(Told::Dispute(news)) = told("charge.dispute.updated", &dispute(status, "krw")) else {
            panic!("{status}");
        };
        assert_eq!(
            (news.charge.as_str(), news.amount, news.state),
            ("pi_1", Money::new(500, Currency::KRW), state)
        );
        assert!(before < Some(news.changed_at), "{status}");
        before = Some(news.changed_at);
    }
    let Ok(Told::Dispute(news)) = told("charge.dispute.created", &dispute("won", "isk")) else {
        panic!("won");
    };
    let kronur = Currency::parse("ISK").unwrap();
    assert_eq!(news.amount, Money::new(5, kronur));
    assert!(told("charge.dispute.created", &dispute("a_new_word", "krw")).is_err());
    let mut without = dispute("won", "krw");
    without["payment_intent"] = json!(null);
    assert!(told("charge.dispute.created", &without).is_err());
}
