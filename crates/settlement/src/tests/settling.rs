use crate::store::windows::Ended;
use contracts::events::RefundOutcome::Refunded;
use contracts::topics;
use ids::PartnerId;
use serde_json::json;

use super::world::{STATEMENTS, World, at, day};

#[tokio::test]
async fn a_window_is_settled_once_however_often_it_is_asked_for() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    world.sell(partner, 10_000, "2026-03-05T02:00:00Z").await;
    // Still running at this time in Seoul: 2026-03-10 ends at 15:00 UTC.
    world.sell(partner, 10_000, "2026-03-09T23:00:00Z").await;
    assert_eq!(world.settle().await, 1);
    let once = world.texts(STATEMENTS).await;
    assert_eq!(once, ["2026-03-05 2026-03-10 17800 0 17800 0"]);
    assert_eq!(world.settle().await, 0);

    // The event itself again, as another copy of the service might see it.
    let windows = sqlx::query_scalar("select id from windows where state = 'settled'");
    let windows: Vec<uuid::Uuid> = windows.fetch_all(world.outbox().db().pool()).await.unwrap();
    let again = contracts::events::SettlementRequested {
        window_id: ids::WindowId::from_uuid(windows[0]),
        requested_by: "scheduler".into(),
    };
    world.feed(&[again]).await;
    assert_eq!(world.texts(STATEMENTS).await, once);
    let published = "select count(*) from bus.outbox where topic = 'settlement-completed'";
    assert_eq!(world.number(published).await, 1);
}

#[tokio::test]
async fn what_is_left_over_is_carried_from_statement_to_statement() {
    let world = World::at("2026-03-20T00:00:00Z").await;
    let partner = PartnerId::generate();
    world
        .contract(partner, "2026-01-01", &json!({"minimum_payout_minor": 20_000}))
        .await;
    let returned = world.sell(partner, 50_000, "2026-03-01T01:00:00Z").await;
    for (price, sold_at) in [
        (10_000, "2026-03-02T01:00:00Z"),
        (10_000, "2026-03-03T01:00:00Z"),
        (10_000, "2026-03-04T01:00:00Z"),
        (100_000, "2026-03-06T01:00:00Z"),
    ] {
        world.sell(partner, price, sold_at).await;
    }
    // Taken back in full, and more than the day earned.
    world
        .refund(&returned, Refunded, &[(1, 50_000, 0)], "2026-03-05T01:00:00Z")
        .await;
    assert_eq!(world.settle().await, 6);
    assert_eq!(
        world.texts(STATEMENTS).await,
        [
            "2026-03-01 2026-03-05 44500 0 44500 0",
            "2026-03-02 2026-03-05 8900 0 0 8900",
            "2026-03-03 2026-03-06 8900 8900 0 17800",
            "2026-03-04 2026-03-09 8900 17800 26700 0",
            "2026-03-05 2026-03-10 -44500 0 0 -44500",
            "2026-03-06 2026-03-11 89000 -44500 44500 0",
        ]
    );
    assert_eq!(world.number("select balance_minor from carry_balances").await, 0);
}

#[tokio::test]
async fn earlier_windows_are_settled_first_even_where_only_a_later_one_was_asked_for() {
    let world = World::at("2026-03-20T00:00:00Z").await;
    let partner = PartnerId::generate();
    world
        .contract(partner, "2026-01-01", &json!({"minimum_payout_minor": 10_000}))
        .await;
    world.sell(partner, 10_000, "2026-03-03T01:00:00Z").await;
    assert_eq!(world.request(Ended::default()).await.unwrap(), 1);
    // Comes in between the request and the settlement.
    world.sell(partner, 10_000, "2026-03-02T01:00:00Z").await;
    world.drain(topics::SETTLEMENT_REQUESTED).await;
    assert_eq!(
        world.texts(STATEMENTS).await,
        [
            "2026-03-02 2026-03-05 8900 0 0 8900",
            "2026-03-03 2026-03-06 8900 8900 17800 0"
        ]
    );
    assert_eq!(world.settle().await, 0);
}

#[tokio::test]
async fn by_hand_one_partner_or_one_span_can_be_settled_alone() {
    let world = World::at("2026-03-20T00:00:00Z").await;
    let (one, two) = (PartnerId::generate(), PartnerId::generate());
    for partner in [one, two] {
        world.contract(partner, "2026-01-01", &json!({})).await;
        world.sell(partner, 10_000, "2026-03-02T01:00:00Z").await;
        world.sell(partner, 10_000, "2026-03-03T01:00:00Z").await;
    }
    let wanted = Ended {
        partner_id: Some(one),
        up_to: Some(day("2026-03-02")),
        limit: None,
    };
    assert_eq!(world.request(wanted.clone()).await.unwrap(), 1);
    assert_eq!(world.request(wanted).await.unwrap(), 0);
    assert_eq!(world.settle().await, 3);
    assert_eq!(world.number("select count(*) from settlements").await, 4);
}

#[tokio::test]
async fn a_window_without_a_due_date_is_a_dead_letter_and_costs_the_others_nothing() {
    let world = World::at("2026-03-20T00:00:00Z").await;
    let (old, new) = (PartnerId::generate(), PartnerId::generate());
    world.contract(old, "2010-01-01", &json!({})).await;
    world.contract(new, "2026-01-01", &json!({})).await;
    world.sell(old, 10_000, "2012-03-02T01:00:00Z").await;
    world.sell(new, 10_000, "2026-03-03T01:00:00Z").await;
    assert_eq!(world.settle().await, 2);
    assert_eq!(world.number("select count(*) from settlements").await, 1);
    let dead = bus::dead::list(&world.outbox()).await.unwrap();
    assert_eq!(dead.len(), 1);
    assert!(
        dead[0]
            .error
            .as_deref()
            .unwrap()
            .contains("no data for 2012-03-02"),
        "{dead:?}"
    );
    assert_eq!(
        world
            .number("select count(*) from windows where state = 'requested'")
            .await,
        1
    );
}

#[tokio::test]
async fn the_schedule_of_a_partner_turns_with_its_windows() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    let row =
        "select format('%s %s %s', contract_version, next_closing_on, due_on) from settlement_schedules";
    assert_eq!(world.texts(row).await, ["1 2026-03-10 2026-03-13"]);
    world.clock.set(at("2026-03-10T15:00:00Z"));
    world.scheduler().await.tick().await.unwrap();
    assert_eq!(world.texts(row).await, ["1 2026-03-11 2026-03-16"]);
}
