//! The form of every request, checked against Stripe's own description of its API.

use super::ask::{Ask, Rest};
use super::wire::Wire;
use super::*;
use crate::connectors::Task;
use crate::domain::evidence::File;
use crate::domain::{ConnectorName, Operation};
use axum::http::{Method, StatusCode};
use ids::{PaymentId, TransactionId};
use money::{Currency, Money};
use servers::StripeMock;

/// An operation as it is given to Stripe.
pub(super) fn task(operation: Operation) -> Task {
    let id = TransactionId::generate();
    Task {
        id,
        payment_id: PaymentId::generate(),
        tender_number: 1,
        connector: ConnectorName::Stripe,
        operation,
        change_id: None,
        was_sent: false,
        amount: Money::new(10_000, Currency::KRW),
        key: id.to_string(),
        token: Some(crate::domain::Token::new("pm_card_visa")),
        charge: None,
        return_url: None,
        ending: None,
        attempt: 0,
    }
}

/// One or more of each kind. Whoever adds a kind comes by here, since the match has to name it.
fn asks<'a>(tasks: &'a [Task], file: &'a File) -> Vec<Ask<'a>> {
    let (intent, dispute, key) = ("pi_123", "dp_123", "txn_1");
    let mut all: Vec<_> = tasks
        .iter()
        .map(|task| Ask::Create { task, amount: 10_000 })
        .collect();
    all.extend([
        Ask::Intent { intent },
        Ask::Search { key },
        Ask::Capture {
            intent,
            amount: 100,
            rest: Rest::Held,
            key,
        },
        Ask::Capture {
            intent,
            amount: 100,
            rest: Rest::Released,
            key,
        },
        Ask::Capture {
            intent,
            amount: 0,
            rest: Rest::Released,
            key,
        },
        Ask::Increment {
            intent,
            total: 20_000,
            key,
        },
        Ask::Cancel {
            intent,
            reason: intent::reason(None),
            key,
        },
        Ask::Cancel {
            intent,
            reason: intent::reason(Some(crate::domain::Ending::Expired)),
            key,
        },
        Ask::Refund {
            intent,
            amount: 100,
            key,
        },
        Ask::Refunds { intent, after: None },
        Ask::Refunds {
            intent,
            after: Some("re_123"),
        },
        Ask::Dispute { dispute },
        Ask::Evidence {
            dispute,
            text: "delivered, 100 % & signed",
            file: Some("file_123"),
            key,
        },
        Ask::Evidence {
            dispute,
            text: "",
            file: None,
            key,
        },
        Ask::Upload { file, key },
    ]);
    let kind = |ask: &Ask<'_>| match ask {
        Ask::Create { .. } => 0,
        Ask::Intent { .. } => 1,
        Ask::Search { .. } => 2,
        Ask::Capture { .. } => 3,
        Ask::Increment { .. } => 4,
        Ask::Cancel { .. } => 5,
        Ask::Refund { .. } => 6,
        Ask::Refunds { .. } => 7,
        Ask::Dispute { .. } => 8,
        Ask::Evidence { .. } => 9,
        Ask::Upload { .. } => 10,
    };
    let kinds: std::collections::BTreeSet<_> = all.iter().map(kind).collect();
    assert_eq!(kinds.len(), 11, "a kind of request is not checked");
    all
}

fn tasks() -> Vec<Task> {
    let with_page = Task {
        return_url: Some("https://shop.example/back?order=1&paid=yes".to_owned()),
        ..task(Operation::Authorize)
    };
    vec![task(Operation::Authorize), task(Operation::Sale), with_page]
}

fn file() -> File {
    File {
        number: 1,
        name: "영수증 \"1\".pdf".to_owned(),
        content_type: "application/pdf".to_owned(),
        content: b"%PDF-1.4\r\n\x00\xff".to_vec(),
    }
}

/// Stripe's mock knows every field and its type, and answers always the same.
#[tokio::test(flavor = "multi_thread")]
async fn stripe_knows_every_request_that_is_made() {
    let mock = StripeMock::start().await.unwrap();
    let wire = Wire::new("sk_test_123", mock.url(), mock.url()).unwrap();
    let (tasks, file) = (tasks(), file());
    for ask in asks(&tasks, &file) {
        let (status, body) = wire.exchange(&ask).await.unwrap();
        assert!(
            status.is_success(),
            "{ask:?}: {status} {}",
            String::from_utf8_lossy(&body)
        );
    }
    // The check checks: it refuses what Stripe does not know.
    let odd = Ask::Cancel {
        intent: "pi_123",
        reason: "for_fun",
        key: "txn_1",
    };
    let (status, _) = wire.exchange(&odd).await.unwrap();
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

/// What Stripe answers to them can be read: its own examples are.
#[tokio::test(flavor = "multi_thread")]
async fn the_answers_of_stripe_can_be_read() {
    let mock = StripeMock::start().await.unwrap();
    let wire = Wire::new("sk_test_123", mock.url(), mock.url()).unwrap();
    let sale = task(Operation::Sale);
    let read = wire
        .ask::<Intent>(&Ask::Create {
            task: &sale,
            amount: 10_000,
        })
        .await;
    assert!(read.is_ok(), "{read:?}");
    let refund = Task {
        charge: Some("pi_123".to_owned()),
        ..task(Operation::Refund)
    };
    let found = inquiry::look_up(&wire, &refund, DateTime::UNIX_EPOCH).await;
    assert_eq!(found, Found::Nothing);
}

#[test]
fn a_retry_is_the_same_to_the_byte_and_moves_nothing_without_a_key() {
    let (tasks, file) = (tasks(), file());
    for ask in asks(&tasks, &file) {
        let (first, again) = (ask.encode(), ask.encode());
        assert_eq!((&first.path, &first.body), (&again.path, &again.body));
        assert_eq!(first.idempotency_key, again.idempotency_key);
        let moves = first.method == Method::POST;
        assert_eq!(first.idempotency_key.is_some(), moves, "{ask:?}");
    }
}
