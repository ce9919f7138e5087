//! Rules that need a database.

use std::sync::Arc;

use bus::{Handler, Outbox, Record, Refusal};
use chassis::ManualClock;
use chrono::{DateTime, Utc};
use contracts::Role;
use contracts::events::{DisputeChanged, DisputeState, DisputedFunds, PaymentFailed, UserChanged};
use ids::{NotificationId, PartnerId, PaymentId, UserId};
use money::{Currency, Money};
use serde_json::json;
use testkit::events::{dispute_changed, dispute_goes_on, payment_completed, record};
use testkit::{Database, Platform};

use crate::domain::Kind;
use crate::error::Error;
use crate::events::{ChangedUsers, Disputes, FailedPayments};
use crate::ops;

fn now() -> DateTime<Utc> {
    "2026-12-01T00:00:00Z".parse().unwrap()
}

fn failed() -> Record {
    let event = PaymentFailed {
        payment_id: PaymentId::generate(),
        order_reference: "o-1".into(),
        amount: Money::new(10_000, Currency::KRW),
        reason: "card_declined".into(),
        failed_at: now(),
    };
    record(&event, 1, now())
}

fn changed(version: i32) -> Record {
    let event = UserChanged {
        user_id: UserId::generate(),
        login: "kim".into(),
        roles: vec![Role::Operator],
        active: true,
        version,
    };
    record(&event, version.into(), now())
}

async fn handle(outbox: &Outbox, handler: &dyn Handler, records: &[&Record]) -> Result<(), Refusal> {
    let mut work = outbox.begin().await?;
    handler.handle(&mut work, records).await?;
    work.commit().await?;
    Ok(())
}

fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(now()))
}

async fn all(outbox: &Outbox, kind: Option<Kind>, unread: Option<bool>) -> usize {
    ops::notifications(outbox, kind, unread, None, 1_000)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn an_event_that_comes_again_changes_nothing() {
    let database = Database::for_service(&crate::service()).await;
    let outbox = database.outbox();
    let records: Vec<Record> = (0..500).map(|_| failed()).collect();
    let records: Vec<&Record> = records.iter().collect();
    let handler = FailedPayments(clock());
    handle(&outbox, &handler, &records).await.unwrap();
    assert_eq!(all(&outbox, None, None).await, 500);
    handle(&outbox, &handler, &records[100..300]).await.unwrap();
    handle(&outbox, &handler, &[records[0], records[0]])
        .await
        .unwrap();
    assert_eq!(all(&outbox, None, None).await, 500);
}

#[tokio::test]
async fn an_event_that_is_not_of_its_form_is_refused_for_good() {
    let database = Database::for_service(&crate::service()).await;
    let (good, bad) = (failed(), changed(1));
    let outcome = handle(&database.outbox(), &FailedPayments(clock()), &[&good, &bad]).await;
    assert!(matches!(outcome, Err(Refusal::Never(_))), "{outcome:?}");
    assert_eq!(all(&database.outbox(), None, None).await, 0);
}

#[tokio::test]
async fn a_dispute_is_told_of_when_it_is_opened_and_decided_and_not_between() {
    let database = Database::for_service(&crate::service()).await;
    let outbox = database.outbox();
    let payment = payment_completed(PartnerId::generate(), 10_000, now());
    let unmoved = DisputedFunds::Unmoved;
    let asked = dispute_changed(
        &payment,
        DisputeState::Warning,
        unmoved,
        10_000,
        &[(1, 10_000)],
        now(),
    );
    let next = |before: &DisputeChanged, state| dispute_goes_on(before, state, unmoved, now());
    let opened = next(&asked, DisputeState::NeedsResponse);
    let reviewed = next(&opened, DisputeState::UnderReview);
    let (won, lost) = (
        next(&reviewed, DisputeState::Won),
        next(&reviewed, DisputeState::Lost),
    );
    let changes = [asked, opened, reviewed, won, lost];
    let records: Vec<Record> = changes
        .iter()
        .zip(1..)
        .map(|(change, number)| record(change, number, now()))
        .collect();
    let records: Vec<&Record> = records.iter().collect();
    for _ in 0..2 {
        handle(&outbox, &Disputes(clock()), &records).await.unwrap();
    }
    assert_eq!(all(&outbox, None, None).await, 3);
    for kind in [Kind::DisputeOpened, Kind::DisputeWon, Kind::DisputeLost] {
        let told = ops::notifications(&outbox, Some(kind), None, None, 10)
            .await
            .unwrap();
        let [one] = &told[..] else { panic!("{told:?}") };
        assert_eq!(one.message.subject, payment.payment_id.to_string());
    }
}

#[tokio::test]
async fn a_notification_is_read_once_and_found_by_kind_and_state() {
    let database = Database::for_service(&crate::service()).await;
    let outbox = database.outbox();
    handle(&outbox, &FailedPayments(clock()), &[&failed()])
        .await
        .unwrap();
    handle(&outbox, &ChangedUsers(clock()), &[&changed(1), &changed(2)])
        .await
        .unwrap();
    let found = ops::notifications(&outbox, Some(Kind::UserAdded), Some(true), None, 10)
        .await
        .unwrap();
    let [one] = &found[..] else { panic!("{found:?}") };
    let later = now() + chrono::TimeDelta::hours(1);
    for at in [now(), later] {
        let read = ops::mark_read(&outbox, at, one.id).await.unwrap();
        assert_eq!(read.read_at, Some(now()));
    }
    for (kind, unread, count) in [
        (None, None, 3),
        (None, Some(true), 2),
        (None, Some(false), 1),
        (Some(Kind::UserAdded), Some(true), 0),
        (Some(Kind::UserAdded), None, 1),
        (Some(Kind::PaymentFailed), Some(true), 1),
        (Some(Kind::UserDeactivated), None, 0),
    ] {
        assert_eq!(all(&outbox, kind, unread).await, count, "{kind:?} {unread:?}");
    }
    let nothing = ops::mark_read(&outbox, now(), NotificationId::generate()).await;
    assert!(matches!(nothing, Err(Error::NoNotification(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_are_listed_page_by_page_and_marked_over_http() {
    let platform = Platform::of(&[crate::service()]).clock_at(now()).start().await;
    let outbox = platform.database("notification").outbox();
    let records: Vec<Record> = (0..3).map(|_| failed()).collect();
    let records: Vec<&Record> = records.iter().collect();
    handle(&outbox, &FailedPayments(clock()), &records).await.unwrap();
    let first = platform
        .get(
            "notification",
            "/v1/notifications?kind=payment_failed&unread=true&limit=2",
        )
        .await;
    let first = first.expect(200);
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    let id = first["data"][0]["id"].as_str().unwrap();
    let path = format!("/v1/notifications/{id}/read");
    let read = platform.post("notification", &path, &json!({})).await.expect(200);
    assert_eq!(read["read_at"], "2026-12-01T00:00:00Z");
    let next = format!(
        "/v1/notifications?limit=2&cursor={}",
        first["next_cursor"].as_str().unwrap()
    );
    let last = platform.get("notification", &next).await.expect(200);
    assert_eq!(last["data"].as_array().unwrap().len(), 1);
    assert!(last["next_cursor"].is_null());
    platform
        .get("notification", "/v1/notifications?kind=letter")
        .await
        .expect(400);
    let api = platform.get("notification", "/openapi.json").await.expect(200);
    let parameters = &api["paths"]["/v1/notifications"]["get"]["parameters"];
    assert_eq!(parameters.as_array().unwrap().len(), 4);
    platform.stop().await;
}
