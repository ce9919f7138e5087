//! What cannot be handled is put aside, and the rest goes on.
#![allow(
    clippy::missing_panics_doc,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test reports a fault by panicking"
)]

use std::sync::Arc;

use bus::dead;
use ids::PaymentId;

use super::{Scribe, Site, TOPIC, drain, effects, effects_of, publish};

/// Three payments, two events each; the middle one can't be handled.
async fn with_a_poisoned_payment(site: &impl Site) -> (Arc<Scribe>, PaymentId) {
    let outbox = site.outbox();
    let payments = [
        PaymentId::generate(),
        PaymentId::generate(),
        PaymentId::generate(),
    ];
    publish(&outbox, &payments).await;
    publish(&outbox, &payments).await;
    let scribe = Scribe::new();
    *scribe.poisoned.lock().await = Some(payments[1].to_string());
    drain(&site.consumer(&scribe)).await;
    (scribe, payments[1])
}

/// And those of its aggregate that come later wait behind it.
pub async fn a_poisoned_event_is_put_aside_with_its_error_and_the_rest_goes_on(site: &impl Site) {
    let (_, poisoned) = with_a_poisoned_payment(site).await;
    let outbox = site.outbox();
    let done = effects(&outbox).await;
    assert_eq!(done.len(), 4, "two events of each healthy payment: {done:?}");
    assert!(
        done.iter()
            .all(|(aggregate, _)| *aggregate != poisoned.to_string())
    );

    let letters = dead::list(&outbox).await.unwrap();
    let seen: Vec<_> = letters
        .iter()
        .map(|l| (l.number, l.state.as_str(), l.error.as_deref()))
        .collect();
    assert_eq!(seen, [(1, "dead", Some("poisoned")), (2, "waiting", None)]);
}

/// In their order.
pub async fn a_replayed_letter_takes_those_behind_it_along(site: &impl Site) {
    let (scribe, poisoned) = with_a_poisoned_payment(site).await;
    let outbox = site.outbox();
    *scribe.poisoned.lock().await = None;
    dead::replay(&outbox, TOPIC.name, &poisoned.to_string(), 1)
        .await
        .unwrap();
    drain(&site.consumer(&scribe)).await;
    assert_eq!(effects_of(&outbox, poisoned).await, [1, 2]);
    assert!(dead::list(&outbox).await.unwrap().is_empty());
}

/// With the reason.
pub async fn a_skipped_letter_stays_on_record_and_frees_those_behind_it(site: &impl Site) {
    let (scribe, poisoned) = with_a_poisoned_payment(site).await;
    let outbox = site.outbox();
    *scribe.poisoned.lock().await = None;
    let name = poisoned.to_string();
    dead::skip(&outbox, TOPIC.name, &name, 1, "known to be wrong")
        .await
        .unwrap();
    drain(&site.consumer(&scribe)).await;
    assert_eq!(effects_of(&outbox, poisoned).await, [2]);
    let letters = dead::list(&outbox).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!(
        letters[0].error.as_deref(),
        Some("known to be wrong (was: poisoned)")
    );
}

/// It says so.
pub async fn a_letter_that_is_not_there_is_not_replayed(site: &impl Site) {
    let error = dead::replay(&site.outbox(), TOPIC.name, "pay_x", 1)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("no dead letter"), "{error}");
}
