use bus::Handler as _;
use contracts::events::ContractChanged;
use contracts::topics;
use ids::PartnerId;
use serde_json::json;
use testkit::events::{paid_line, payment_completed};

use super::world::{World, at, contract};
use crate::ops::price_waiting::price_waiting;

const WAITING: &str = "select count(*) from waiting_lines";

#[tokio::test]
async fn a_line_waits_for_its_contract_and_is_priced_then_as_it_would_have_been() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let (known, late) = (PartnerId::generate(), PartnerId::generate());
    world.contract(known, "2026-01-01", &json!({})).await;
    let mut payment = payment_completed(known, 10_000, at("2026-03-09T01:00:00Z"));
    payment.lines.push(paid_line(2, late, 20_000));
    world.feed(&[payment.clone()]).await;
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 1);
    assert_eq!(world.number("select count(*) from settlement_details").await, 1);

    // One that begins after the sale does not help.
    let later = world.contract(late, "2026-03-10", &json!({})).await;
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 1);

    world
        .version(&later, 2, "2026-03-01", &json!({"rate_ppm": 50_000}))
        .await;
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 0);
    assert_eq!(
        world
            .numbers("select net_minor from settlement_details order by line_number")
            .await,
        [8_900, 18_900]
    );
    assert_eq!(
        world
            .texts(
                "select w.ends_on::text from windows w join settlement_details d on d.window_id = w.id
                      where d.line_number = 2"
            )
            .await,
        ["2026-03-09"]
    );
    assert_eq!(
        world
            .numbers("select number from bus.outbox where topic = 'settlement-lines-priced' order by number")
            .await,
        [1, 2],
        "a payment whose lines waited has several events, in order"
    );
    assert_eq!(world.number("select count(*) from pricing_requests").await, 0);
}

#[tokio::test]
async fn a_backlog_larger_than_a_chunk_is_priced_whole() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    for _ in 0..3 {
        let payments: Vec<_> = (0..500)
            .map(|_| payment_completed(partner, 10_000, at("2026-03-09T01:00:00Z")))
            .collect();
        world.feed(&payments).await;
    }
    world.contract(partner, "2026-01-01", &json!({})).await;
    let (one, two) = (world.outbox(), world.outbox());
    let now = world.now();
    let work = |outbox| async move { while price_waiting(&outbox, now).await.unwrap() {} };
    tokio::join!(tokio::spawn(work(one)), tokio::spawn(work(two)))
        .0
        .unwrap();
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 0);
    assert_eq!(
        world.number("select count(*) from settlement_details").await,
        1_500
    );
}

#[tokio::test]
async fn a_line_that_the_contract_in_force_cannot_place_waits_with_the_reason() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let ended = json!({"cycle": {"kind": "dates", "ends_on": ["2026-01-31"]}});
    let first = world.contract(partner, "2026-01-01", &ended).await;
    world.sell(partner, 10_000, "2026-03-01T00:00:00Z").await;
    world.price_all_waiting().await;
    let problems = world.texts("select problem from waiting_lines").await;
    assert!(problems[0].contains("2026-01-31"), "{problems:?}");

    world.version(&first, 2, "2026-02-01", &json!({})).await;
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 0);
    assert_eq!(
        world.number("select net_minor from settlement_details").await,
        8_900
    );
}

#[tokio::test]
async fn a_version_that_comes_while_a_line_is_looked_at_prices_it_all_the_same() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let ended = json!({"cycle": {"kind": "dates", "ends_on": ["2026-01-31"]}});
    let first = world.contract(partner, "2026-01-01", &ended).await;
    let payment = payment_completed(partner, 10_000, at("2026-03-01T00:00:00Z"));
    let record = testkit::events::record(&payment, 1, world.now());
    let mut intake = world.outbox().begin().await.unwrap();
    world.handler().handle(&mut intake, &[&record]).await.unwrap();

    let next = contract(partner, "2026-02-01", &json!({}));
    let next = ContractChanged {
        contract_id: first.contract_id,
        version: 2,
        ..next
    };
    let recorded = world.feed(std::slice::from_ref(&next));
    let committed = async {
        // The version waits for the line, or does not, and is through: then the line is committed.
        let waits = "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
        let through = "select count(*) from known_contract_versions where version = 2";
        while world.number(waits).await + world.number(through).await == 0 {}
        intake.commit().await.unwrap();
    };
    tokio::join!(recorded, committed);
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 0);
}

#[tokio::test]
async fn a_window_is_not_closed_while_waiting_lines_of_its_account_are_being_priced() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let payments: Vec<_> = (0..1_500)
        .map(|_| payment_completed(partner, 10_000, at("2026-03-05T01:00:00Z")))
        .collect();
    world.feed(&payments).await;
    world.price_all_waiting().await;
    world.contract(partner, "2026-01-01", &json!({})).await;
    assert!(price_waiting(&world.outbox(), world.now()).await.unwrap());
    assert_eq!(world.settle().await, 0, "a part of the day's lines still waits");
    world.price_all_waiting().await;
    assert_eq!(world.settle().await, 1);
    assert_eq!(world.number("select line_count from settlements").await, 1_500);
}

#[tokio::test]
async fn a_line_priced_after_its_window_was_settled_goes_into_the_next_one() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    assert_eq!(world.settle().await, 1);
    // The day before has no window at all, the day itself a settled one: both are closed.
    world.sell(partner, 20_000, "2026-03-04T01:00:00Z").await;
    world.sell(partner, 30_000, "2026-03-05T01:00:00Z").await;
    assert_eq!(
        world
            .texts("select ends_on::text from windows order by ends_on")
            .await,
        ["2026-03-05", "2026-03-06"]
    );
    world.settle().await;
    assert_eq!(
        world
            .numbers("select line_count from settlements order by ends_on")
            .await,
        [1, 2]
    );
    world.drain(topics::SETTLEMENT_REQUESTED).await;
}
