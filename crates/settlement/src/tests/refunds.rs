use std::cell::Cell;

use contracts::events::RefundOutcome::{Refunded, Reversed};
use contracts::topics;
use ids::PartnerId;
use serde_json::json;
use testkit::events::{payment_completed, payment_refunded};

use super::world::{STATEMENTS, World, at};
use crate::ops::read;

/// What was taken back, in the order in which it came in: G, F, VAT, net, version, last day of its window.
const TAKEN_BACK: &str =
    "select format('%s %s %s %s %s %s', d.gross_minor, d.fee_minor, d.fee_vat_minor, d.net_minor,
                                          d.contract_version, w.ends_on)
       from settlement_details d join reversals r on r.detail_id = d.id join windows w on w.id = d.window_id
      order by r.refunded_at, d.id";
const PRICED: &str = "select count(*) from settlement_details";
const WAITING: &str = "select count(*) from waiting_reversals";

async fn with_a_contract(now: &str) -> (World, PartnerId) {
    let world = World::at(now).await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    (world, partner)
}

#[tokio::test]
async fn a_refund_takes_back_by_the_contract_of_the_sale_and_in_the_window_of_its_own_day() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let first = world.contract(partner, "2026-01-01", &json!({})).await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    world
        .version(&first, 2, "2026-03-03", &json!({"rate_ppm": 200_000}))
        .await;
    let refund = world
        .refund(&sold, Refunded, &[(1, 3_333, 0)], "2026-03-05T01:00:00Z")
        .await;
    world
        .refund(&sold, Refunded, &[(1, 6_667, 3_333)], "2026-03-06T01:00:00Z")
        .await;
    assert_eq!(
        world.texts(TAKEN_BACK).await,
        [
            "-3333 -333 -33 -2967 1 2026-03-05",
            "-6667 -667 -67 -5933 1 2026-03-06"
        ]
    );
    assert_eq!(
        world
            .number("select sum(net_minor)::bigint from settlement_details")
            .await,
        0
    );
    let origin =
        "select format('%s %s %s %s %s', r.refund_id, r.outcome, r.owed_minor, r.refunded_before_minor,
                                r.reverses = (select id from settlement_details where quantity > 0))
                    from reversals r order by r.refunded_at limit 1";
    let expected = format!("{} refunded 10000 0 t", refund.transaction_id.as_uuid());
    assert_eq!(world.texts(origin).await, [expected]);
}

#[tokio::test]
async fn what_is_taken_back_is_told_as_a_line_below_zero() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    world
        .refund(&sold, Refunded, &[(1, 10_000, 0)], "2026-03-05T01:00:00Z")
        .await;
    let told = world.told(&sold).await;
    let [original, taken_back] = &told[..] else {
        panic!("{told:?}");
    };
    let [line] = &taken_back.lines[..] else {
        panic!("{told:?}");
    };
    assert_eq!(
        (
            line.gross_minor,
            line.fee_minor,
            line.fee_vat_minor,
            line.net_minor
        ),
        (-10_000, -1_000, -100, -8_900)
    );
    assert_ne!(line.detail_id, original.lines[0].detail_id);
    assert_ne!(line.window_id, original.lines[0].window_id);
    assert_eq!(taken_back.sold_at, sold.sold_at);
}

#[tokio::test]
async fn a_refund_that_is_told_of_before_its_payment_waits_for_it() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = payment_completed(partner, 10_000, at("2026-03-01T01:00:00Z"));
    world
        .refund(&sold, Refunded, &[(1, 4_000, 0)], "2026-03-05T01:00:00Z")
        .await;
    world
        .refund(&sold, Reversed, &[(1, 4_000, 4_000)], "2026-03-06T01:00:00Z")
        .await;
    world.price_all_waiting().await;
    assert_eq!((world.number(PRICED).await, world.number(WAITING).await), (0, 2));

    world.feed(std::slice::from_ref(&sold)).await;
    assert_eq!((world.number(PRICED).await, world.number(WAITING).await), (3, 0));
    assert_eq!(
        world.texts(TAKEN_BACK).await,
        [
            "-4000 -400 -40 -3560 1 2026-03-05",
            "4000 400 40 3560 1 2026-03-06"
        ]
    );
    let told = world.told(&sold).await;
    assert_eq!((told.len(), told[0].lines.len()), (1, 3), "{told:?}");
}

#[tokio::test]
async fn a_refund_of_a_line_that_waits_for_its_contract_waits_with_it() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    let refund = world
        .refund(&sold, Refunded, &[(1, 10_000, 0)], "2026-03-05T01:00:00Z")
        .await;
    world.price_all_waiting().await;
    let waiting = read::waiting_lines(&world.outbox(), Some(partner), None, 10)
        .await
        .unwrap();
    let [back, line] = &waiting[..] else {
        panic!("{waiting:?}");
    };
    assert_eq!(
        back.refund.as_ref().map(|refund| refund.id),
        Some(refund.transaction_id)
    );
    assert_eq!(
        (back.line.quantity, back.line.unit_price_minor, &back.problem),
        (-1, 10_000, &None)
    );
    assert!(line.refund.is_none(), "{line:?}");

    world.contract(partner, "2026-01-01", &json!({})).await;
    world.price_all_waiting().await;
    assert!(
        read::waiting_lines(&world.outbox(), Some(partner), None, 10)
            .await
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        world.texts(TAKEN_BACK).await,
        ["-10000 -1000 -100 -8900 1 2026-03-05"]
    );
    assert_eq!(
        world.told(&sold).await.len(),
        1,
        "the line and what is taken back of it are told of together"
    );
    assert_eq!(world.number("select count(*) from pricing_requests").await, 0);
}

#[tokio::test]
async fn a_refund_after_the_statement_makes_the_next_one_smaller_or_is_carried_over() {
    let (world, partner) = with_a_contract("2026-03-04T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-02T01:00:00Z").await;
    assert_eq!(world.settle().await, 1);
    world.clock.set(at("2026-03-10T00:00:00Z"));
    world
        .refund(&sold, Refunded, &[(1, 4_000, 0)], "2026-03-05T01:00:00Z")
        .await;
    world.sell(partner, 10_000, "2026-03-05T02:00:00Z").await;
    world
        .refund(&sold, Refunded, &[(1, 6_000, 4_000)], "2026-03-06T01:00:00Z")
        .await;
    // Of a day that is settled already.
    world.sell(partner, 5_000, "2026-03-02T02:00:00Z").await;
    assert_eq!(world.settle().await, 3);
    assert_eq!(
        world.texts(STATEMENTS).await,
        [
            "2026-03-02 2026-03-05 8900 0 8900 0",
            "2026-03-03 2026-03-06 4450 0 4450 0",
            "2026-03-05 2026-03-10 5340 0 5340 0",
            "2026-03-06 2026-03-11 -5340 0 0 -5340",
        ]
    );
    world.sell(partner, 10_000, "2026-03-07T02:00:00Z").await;
    assert_eq!(world.settle().await, 1);
    assert_eq!(
        world.texts(STATEMENTS).await.last().unwrap(),
        "2026-03-07 2026-03-11 8900 -5340 3560 0"
    );
    assert_eq!(
        world
            .texts(
                "select format('%s %s', line_count, fee_minor) from settlements where ends_on = '2026-03-05'"
            )
            .await,
        ["2 600"]
    );
}

#[tokio::test]
async fn a_refund_of_a_day_that_is_settled_goes_into_the_next_window() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    world.settle().await;
    world
        .refund(&sold, Refunded, &[(1, 10_000, 0)], "2026-03-05T02:00:00Z")
        .await;
    assert_eq!(
        world.texts(TAKEN_BACK).await,
        ["-10000 -1000 -100 -8900 1 2026-03-06"]
    );
    assert_eq!(
        world.texts("select refunded_on::text from reversals").await,
        ["2026-03-05"]
    );
}

#[tokio::test]
async fn a_refund_that_is_told_of_twice_is_a_dead_letter_and_takes_back_once() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    let refund = payment_refunded(&sold, Refunded, &[(1, 10_000, 0)], at("2026-03-05T01:00:00Z"));
    let mut work = world.outbox().begin().await.unwrap();
    for _ in 0..2 {
        work.publish(&refund, world.now()).unwrap();
    }
    work.commit().await.unwrap();
    world.drain(topics::PAYMENT_REFUNDED).await;
    // The same record once more is no event at all.
    world.drain(topics::PAYMENT_REFUNDED).await;
    assert_eq!(world.number("select count(*) from reversals").await, 1);
    let dead = bus::dead::list(&world.outbox()).await.unwrap();
    assert_eq!((dead.len(), dead[0].number), (1, 2));
    assert!(
        dead[0].error.as_deref().unwrap().contains("reversals_once"),
        "{dead:?}"
    );
}

#[tokio::test]
async fn a_refund_that_contradicts_itself_is_a_dead_letter() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    let mut refund = payment_refunded(&sold, Refunded, &[(1, 10_000, 0)], at("2026-03-05T01:00:00Z"));
    refund.lines[0].gross_minor += 1;
    let mut work = world.outbox().begin().await.unwrap();
    work.publish(&refund, world.now()).unwrap();
    work.commit().await.unwrap();
    world.drain(topics::PAYMENT_REFUNDED).await;
    let dead = bus::dead::list(&world.outbox()).await.unwrap();
    assert!(
        dead[0].error.as_deref().unwrap().contains("add up to 10001"),
        "{dead:?}"
    );
    assert_eq!(world.number(PRICED).await, 1);
}

#[tokio::test]
async fn what_cannot_be_placed_waits_with_the_reason_until_a_version_comes() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let ended = json!({"cycle": {"kind": "dates", "ends_on": ["2026-03-02"]}});
    let first = world.contract(partner, "2026-01-01", &ended).await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    world
        .refund(&sold, Refunded, &[(1, 10_000, 0)], "2026-03-05T01:00:00Z")
        .await;
    world.price_all_waiting().await;
    let problems = world.texts("select problem from waiting_reversals").await;
    assert!(problems[0].contains("2026-03-02"), "{problems:?}");

    world
        .version(&first, 2, "2026-03-03", &json!({"rate_ppm": 500_000}))
        .await;
    assert_eq!(
        world.settle().await,
        0,
        "what is to be priced may belong into a window that ends"
    );
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 0);
    assert_eq!(
        world.texts(TAKEN_BACK).await,
        ["-10000 -1000 -100 -8900 1 2026-03-05"]
    );
    assert_eq!(world.settle().await, 2);
}

#[tokio::test]
async fn a_refund_that_does_not_fit_its_sale_waits_with_the_reason() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = payment_completed(partner, 10_000, at("2026-03-01T01:00:00Z"));
    let mut other = sold.clone();
    other.lines[0].unit_price_minor = 20_000;
    // One before its payment, one after: both are seen, and neither holds the payment up.
    world
        .refund(&other, Refunded, &[(1, 4_000, 0)], "2026-03-05T01:00:00Z")
        .await;
    world.feed(std::slice::from_ref(&sold)).await;
    world
        .refund(&other, Refunded, &[(1, 4_000, 4_000)], "2026-03-05T01:00:00Z")
        .await;
    assert_eq!(world.number(PRICED).await, 1);
    let problems = world.texts("select problem from waiting_reversals").await;
    assert_eq!(problems.len(), 2);
    for problem in problems {
        assert!(problem.contains("20000"), "{problem}");
    }
}

/// How many sessions wait for a lock.
const BLOCKED: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

#[tokio::test]
async fn a_refund_that_comes_while_its_line_is_being_priced_takes_back_of_it() {
    use bus::Handler as _;
    for payment_first in [true, false] {
        let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
        let sold = payment_completed(partner, 10_000, at("2026-03-01T01:00:00Z"));
        let refund = payment_refunded(&sold, Refunded, &[(1, 10_000, 0)], at("2026-03-05T01:00:00Z"));
        let sold_record = testkit::events::record(&sold, 1, world.now());
        let refund_record = testkit::events::record(&refund, 1, world.now());
        let (first, second) = if payment_first {
            (&sold_record, &refund_record)
        } else {
            (&refund_record, &sold_record)
        };
        let mut one = world.outbox().begin().await.unwrap();
        world.handler().handle(&mut one, &[first]).await.unwrap();
        let through = Cell::new(false);
        let later = async {
            let mut other = world.outbox().begin().await.unwrap();
            world.handler().handle(&mut other, &[second]).await.unwrap();
            other.commit().await.unwrap();
            through.set(true);
        };
        let committed = async {
            // The second waits for the first, or does not, and is through: then the first is committed.
            while world.number(BLOCKED).await == 0 && !through.get() {}
            one.commit().await.unwrap();
        };
        tokio::join!(later, committed);
        assert_eq!(
            (world.number(PRICED).await, world.number(WAITING).await),
            (2, 0),
            "payment first: {payment_first}"
        );
    }
}

#[tokio::test]
async fn windows_are_not_closed_before_refunds_are_taken_in() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    let mut scheduler = world.scheduler().await;
    let refund = payment_refunded(&sold, Refunded, &[(1, 4_000, 0)], at("2026-03-05T02:00:00Z"));
    let mut work = world.outbox().begin().await.unwrap();
    work.publish(&refund, world.now()).unwrap();
    work.commit().await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap(), 0);
    world.drain(topics::PAYMENT_REFUNDED).await;
    assert_eq!(scheduler.tick().await.unwrap(), 1);
    world.drain(topics::SETTLEMENT_REQUESTED).await;
    assert_eq!(
        world.texts(STATEMENTS).await,
        ["2026-03-05 2026-03-10 5340 0 5340 0"]
    );
}

#[tokio::test]
async fn a_line_has_one_original_however_many_reversals() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    for (refunded, before) in [(1, 0), (2, 1), (3, 3)] {
        world
            .refund(&sold, Refunded, &[(1, refunded, before)], "2026-03-05T01:00:00Z")
            .await;
    }
    let again = "insert into settlement_details
                 select (jsonb_populate_record(d, jsonb_build_object('id', gen_random_uuid()))).*
                   from settlement_details d where quantity > 0";
    let refused = sqlx::query(again)
        .execute(world.outbox().db().pool())
        .await
        .unwrap_err();
    assert!(
        refused.to_string().contains("settlement_details_sold_once"),
        "{refused}"
    );
    assert_eq!(world.number(PRICED).await, 4);
}
