use bus::dead;
use ids::PaymentId;

use crate::fixture::{Scribe, consumer, database, drain, effects, publish};

/// Three payments, two events each; the middle one can't be handled.
async fn with_a_poisoned_payment() -> (testkit::Database, std::sync::Arc<Scribe>, [PaymentId; 3]) {
    let database = database().await;
    let outbox = database.outbox();
    let payments = [
        PaymentId::generate(),
        PaymentId::generate(),
        PaymentId::generate(),
    ];
    publish(&outbox, &payments).await;
    publish(&outbox, &payments).await;
    let scribe = Scribe::new();
    *scribe.poisoned.lock().await = Some(payments[1].to_string());
    let consumer = consumer(&outbox, &scribe);
    drain(&consumer).await;
    (database, scribe, payments)
}

#[tokio::test]
async fn a_poisoned_event_is_put_aside_with_its_error_and_the_rest_goes_on() {
    let (database, _, payments) = with_a_poisoned_payment().await;
    let outbox = database.outbox();
    let done = effects(&outbox).await;
    assert_eq!(done.len(), 4, "two events of each healthy payment: {done:?}");
    assert!(
        done.iter()
            .all(|(aggregate, _)| *aggregate != payments[1].to_string())
    );

    let letters = dead::list(&outbox).await.unwrap();
    let seen: Vec<_> = letters
        .iter()
        .map(|l| (l.number, l.state.as_str(), l.error.as_deref()))
        .collect();
    assert_eq!(seen, [(1, "dead", Some("poisoned")), (2, "waiting", None)]);
}

#[tokio::test]
async fn a_replayed_letter_takes_those_behind_it_along() {
    let (database, scribe, payments) = with_a_poisoned_payment().await;
    let outbox = database.outbox();
    let name = payments[1].to_string();
    *scribe.poisoned.lock().await = None;
    dead::replay(&outbox, "payment-requested", &name, 1)
        .await
        .unwrap();
    let consumer = consumer(&outbox, &scribe);
    drain(&consumer).await;
    let own: Vec<i64> = effects(&outbox)
        .await
        .into_iter()
        .filter(|(a, _)| *a == name)
        .map(|(_, n)| n)
        .collect();
    assert_eq!(own, [1, 2]);
    assert!(dead::list(&outbox).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_skipped_letter_stays_on_record_and_frees_those_behind_it() {
    let (database, scribe, payments) = with_a_poisoned_payment().await;
    let outbox = database.outbox();
    let name = payments[1].to_string();
    *scribe.poisoned.lock().await = None;
    dead::skip(&outbox, "payment-requested", &name, 1, "known to be wrong")
        .await
        .unwrap();
    let consumer = consumer(&outbox, &scribe);
    drain(&consumer).await;
    let own: Vec<i64> = effects(&outbox)
        .await
        .into_iter()
        .filter(|(a, _)| *a == name)
        .map(|(_, n)| n)
        .collect();
    assert_eq!(own, [2]);
    let letters = dead::list(&outbox).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        letters[0].error.as_deref(),
        Some("known to be wrong (was: poisoned)")
    );
}

#[tokio::test]
async fn a_letter_that_is_not_there_is_not_replayed() {
    let database = database().await;
    let error = dead::replay(&database.outbox(), "payment-requested", "pay_x", 1)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no dead letter"), "{error}");
}
