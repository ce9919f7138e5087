use crate::Error;
use crate::ops::hold;
use crate::store::windows::Ended;
use chrono::TimeDelta;
use contracts::topics;
use ids::{HoldId, PartnerId};
use serde_json::json;
use testkit::events::payment_completed;

use super::world::{World, at};

async fn hold(world: &World, seconds: i32) -> HoldId {
    let outbox = world.outbox();
    let held = hold::take(
        &outbox,
        "an import".into(),
        "usr_operator".into(),
        seconds,
        world.now(),
    )
    .await;
    HoldId::from_uuid(held.unwrap().id)
}

async fn with_a_window() -> World {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    world
}

#[tokio::test]
async fn nothing_is_requested_while_a_hold_lasts() {
    let world = with_a_window().await;
    let mut scheduler = world.scheduler().await;
    let held = hold(&world, 60).await;
    assert_eq!(scheduler.tick().await.unwrap(), 0);
    let refused = world.request(Ended::default()).await.unwrap_err();
    assert!(
        matches!(refused, Error::Held { hold_id, .. } if hold_id == held),
        "{refused}"
    );

    world.clock.set(world.now() + TimeDelta::seconds(59));
    hold::renew(&world.outbox(), held, world.now()).await.unwrap();
    world.clock.set(world.now() + TimeDelta::seconds(59));
    assert_eq!(scheduler.tick().await.unwrap(), 0);

    hold::release(&world.outbox(), held, world.now()).await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap(), 1);
    assert_eq!(scheduler.tick().await.unwrap(), 0);
}

#[tokio::test]
async fn a_hold_ends_with_its_lease_and_is_not_renewed_after_that() {
    let world = with_a_window().await;
    let held = hold(&world, 60).await;
    world.clock.set(world.now() + TimeDelta::seconds(60));
    let renewed = hold::renew(&world.outbox(), held, world.now()).await;
    assert!(matches!(renewed, Err(Error::HoldEnded(id)) if id == held));
    assert_eq!(world.scheduler().await.tick().await.unwrap(), 1);
}

#[tokio::test]
async fn nothing_is_requested_before_every_payment_is_taken_in() {
    let world = with_a_window().await;
    let mut scheduler = world.scheduler().await;
    let partner = PartnerId::generate();
    let mut work = world.outbox().begin().await.unwrap();
    work.publish(
        &payment_completed(partner, 10_000, at("2026-03-05T01:00:00Z")),
        world.now(),
    )
    .unwrap();
    work.commit().await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap(), 0);
    world.drain(topics::PAYMENT_COMPLETED).await;
    assert_eq!(scheduler.tick().await.unwrap(), 1);
}

#[tokio::test]
async fn a_window_made_by_a_stream_of_old_payments_waits_for_its_end() {
    let world = with_a_window().await;
    let mut scheduler = world.scheduler().await;
    assert_eq!(scheduler.tick().await.unwrap(), 1);
    // Everything was in at that time. Now old payments come in, of which only some are taken in so far.
    world.clock.set(world.now() + TimeDelta::seconds(1));
    let partner = PartnerId::generate();
    world.contract(partner, "2025-01-01", &json!({})).await;
    world.sell(partner, 10_000, "2025-03-05T01:00:00Z").await;
    let mut work = world.outbox().begin().await.unwrap();
    work.publish(
        &payment_completed(partner, 10_000, at("2025-03-05T02:00:00Z")),
        world.now(),
    )
    .unwrap();
    work.commit().await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap(), 0);
    world.drain(topics::PAYMENT_COMPLETED).await;
    assert_eq!(scheduler.tick().await.unwrap(), 1);
}

#[tokio::test]
async fn a_hold_that_came_and_went_unseen_has_the_payments_looked_at_again() {
    use crate::ops::request_settlements::{CaughtUp, request_ended, unheld};
    let world = with_a_window().await;
    let outbox = world.outbox();
    let term = world.lease.take().await.unwrap().unwrap();
    let before = unheld(&outbox, world.now()).await.unwrap().unwrap();
    let held = hold(&world, 60).await;
    hold::release(&outbox, held, world.now()).await.unwrap();
    let caught_up = |generation| CaughtUp {
        at: world.now(),
        generation,
    };
    assert_eq!(
        request_ended(&outbox, &term, caught_up(before), world.now())
            .await
            .unwrap(),
        None
    );
    let after = unheld(&outbox, world.now()).await.unwrap().unwrap();
    assert_eq!(
        request_ended(&outbox, &term, caught_up(after), world.now())
            .await
            .unwrap(),
        Some(1)
    );
}
