use std::cell::Cell;

use contracts::events::DisputeState::{Lost, NeedsResponse, UnderReview, Warning, Won};
use contracts::events::DisputedFunds::{Returned, Unmoved, Withdrawn};
use contracts::events::RefundOutcome::Refunded;
use contracts::topics;
use ids::PartnerId;
use serde_json::json;
use testkit::events::{dispute_changed, dispute_goes_on, payment_completed, payment_refunded};

use super::world::{STATEMENTS, World, at};
use crate::ops::read;

/// What disputes took and gave back, in the order in which it happened: G, F, VAT, net, version, last day of its window.
const DISPUTED: &str = "select format('%s %s %s %s %s %s', d.gross_minor, d.fee_minor, d.fee_vat_minor, d.net_minor,
                                          d.contract_version, w.ends_on)
       from settlement_details d join disputed_lines c on c.detail_id = d.id join windows w on w.id = d.window_id
      order by c.changed_at, d.line_number";
const PRICED: &str = "select count(*) from settlement_details";
const WAITING: &str = "select count(*) from waiting_disputed_lines";

async fn with_a_contract(now: &str) -> (World, PartnerId) {
    let world = World::at(now).await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    (world, partner)
}

#[tokio::test]
async fn a_dispute_that_is_won_is_two_lines_without_a_fee_each_on_its_own_day() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let first = world.contract(partner, "2026-01-01", &json!({})).await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    world
        .version(&first, 2, "2026-03-03", &json!({"rate_ppm": 200_000}))
        .await;
    let opened = world.dispute(&sold, &[(1, 9_999)], "2026-03-05T01:00:00Z").await;
    let reviewed = world
        .goes_on(&opened, UnderReview, Unmoved, "2026-03-05T02:00:00Z")
        .await;
    world
        .goes_on(&reviewed, Won, Returned, "2026-03-07T01:00:00Z")
        .await;
    assert_eq!(
        world.texts(DISPUTED).await,
        ["-9999 0 0 -9999 1 2026-03-05", "9999 0 0 9999 1 2026-03-07"]
    );
    let origin = "select format('%s %s %s %s', c.dispute_id, c.version, c.funds,
                                c.disputes = (select id from settlement_details where quantity > 0))
                    from disputed_lines c order by c.version";
    let id = opened.dispute_id.as_uuid();
    assert_eq!(
        world.texts(origin).await,
        [format!("{id} 1 withdrawn t"), format!("{id} 3 returned t")]
    );
    let told = world.told(&sold).await;
    let figures: Vec<_> = told
        .iter()
        .flat_map(|told| &told.lines)
        .map(|line| (line.gross_minor, line.fee_minor, line.net_minor))
        .collect();
    assert_eq!(
        figures,
        [(10_000, 1_000, 8_900), (-9_999, 0, -9_999), (9_999, 0, 9_999)]
    );
}

#[tokio::test]
async fn a_dispute_that_is_lost_takes_once_whether_it_was_opened_before_or_not() {
    for was_opened in [true, false] {
        let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
        let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
        if was_opened {
            let opened = world.dispute(&sold, &[(1, 10_000)], "2026-03-05T01:00:00Z").await;
            world
                .goes_on(&opened, Lost, Unmoved, "2026-03-06T01:00:00Z")
                .await;
        } else {
            let parts = [(1, 10_000)];
            let lost = dispute_changed(&sold, Lost, Withdrawn, 10_000, &parts, at("2026-03-05T01:00:00Z"));
            world.feed(&[lost]).await;
        }
        assert_eq!(
            world.texts(DISPUTED).await,
            ["-10000 0 0 -10000 1 2026-03-05"],
            "{was_opened}"
        );
    }
}

#[tokio::test]
async fn what_is_disputed_beyond_the_lines_is_not_settled() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    let when = at("2026-03-05T01:00:00Z");
    let over = dispute_changed(&sold, NeedsResponse, Withdrawn, 12_000, &[(1, 10_000)], when);
    let nothing_left = dispute_changed(&sold, NeedsResponse, Withdrawn, 700, &[], when);
    world.feed(&[over, nothing_left]).await;
    assert_eq!(world.texts(DISPUTED).await, ["-10000 0 0 -10000 1 2026-03-05"]);
}

#[tokio::test]
async fn a_dispute_of_a_payment_that_was_never_completed_waits_for_nothing() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let failed = payment_completed(partner, 10_000, at("2026-03-01T01:00:00Z"));
    let when = at("2026-03-05T01:00:00Z");
    let opened = dispute_changed(&failed, NeedsResponse, Withdrawn, 10_000, &[], when);
    world.feed(std::slice::from_ref(&opened)).await;
    world
        .goes_on(&opened, Won, Returned, "2026-03-06T01:00:00Z")
        .await;
    world.price_all_waiting().await;
    assert_eq!((world.number(PRICED).await, world.number(WAITING).await), (0, 0));
    assert_eq!(world.number("select count(*) from pricing_requests").await, 0);
}

#[tokio::test]
async fn a_dispute_that_is_told_of_before_its_payment_waits_for_it() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = payment_completed(partner, 10_000, at("2026-03-01T01:00:00Z"));
    let opened = world.dispute(&sold, &[(1, 4_000)], "2026-03-05T01:00:00Z").await;
    world
        .goes_on(&opened, Won, Returned, "2026-03-06T01:00:00Z")
        .await;
    // A refund waits beside it.
    world
        .refund(&sold, Refunded, &[(1, 3_000, 0)], "2026-03-07T01:00:00Z")
        .await;
    world.price_all_waiting().await;
    assert_eq!((world.number(PRICED).await, world.number(WAITING).await), (0, 2));

    world.feed(std::slice::from_ref(&sold)).await;
    assert_eq!((world.number(PRICED).await, world.number(WAITING).await), (4, 0));
    assert_eq!(
        world.texts(DISPUTED).await,
        ["-4000 0 0 -4000 1 2026-03-05", "4000 0 0 4000 1 2026-03-06"]
    );
    let told = world.told(&sold).await;
    assert_eq!((told.len(), told[0].lines.len()), (1, 4), "{told:?}");
}

#[tokio::test]
async fn a_dispute_of_a_line_that_waits_for_its_contract_waits_with_it() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    let opened = world.dispute(&sold, &[(1, 10_000)], "2026-03-05T01:00:00Z").await;
    world.price_all_waiting().await;
    let waiting = read::waiting_lines(&world.outbox(), Some(partner), None, 10)
        .await
        .unwrap();
    let [disputed, line] = &waiting[..] else {
        panic!("{waiting:?}");
    };
    let of = disputed.dispute.as_ref().unwrap();
    assert_eq!((of.id, of.funds.as_str()), (opened.dispute_id, "withdrawn"));
    assert_eq!(
        (
            disputed.line.quantity,
            disputed.line.unit_price_minor,
            &disputed.problem
        ),
        (-1, 10_000, &None)
    );
    assert!(line.dispute.is_none() && line.refund.is_none(), "{line:?}");
    let counts = read::counts(&world.outbox(), world.now()).await.unwrap();
    assert_eq!((counts.waiting_lines, counts.waiting_disputed_lines), (1, 1));

    world.contract(partner, "2026-01-01", &json!({})).await;
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 0);
    assert_eq!(world.texts(DISPUTED).await, ["-10000 0 0 -10000 1 2026-03-05"]);
    assert_eq!(world.told(&sold).await.len(), 1);
    assert_eq!(world.number("select count(*) from pricing_requests").await, 0);
}

#[tokio::test]
async fn a_dispute_of_a_day_that_is_settled_makes_the_next_statement_smaller() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    assert_eq!(world.settle().await, 1);
    let opened = world.dispute(&sold, &[(1, 10_000)], "2026-03-05T02:00:00Z").await;
    world.sell(partner, 20_000, "2026-03-06T02:00:00Z").await;
    world
        .goes_on(&opened, Won, Returned, "2026-03-07T01:00:00Z")
        .await;
    assert_eq!(
        world
            .texts("select changed_on::text from disputed_lines order by version")
            .await,
        ["2026-03-05", "2026-03-07"]
    );
    assert_eq!(world.settle().await, 2);
    assert_eq!(
        world.texts(STATEMENTS).await,
        [
            "2026-03-05 2026-03-10 8900 0 8900 0",
            "2026-03-06 2026-03-11 7800 0 7800 0",
            "2026-03-07 2026-03-11 10000 0 10000 0",
        ]
    );
}

#[tokio::test]
async fn a_change_that_is_told_of_twice_is_a_dead_letter_and_takes_once() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    let opened = dispute_changed(
        &sold,
        NeedsResponse,
        Withdrawn,
        10_000,
        &[(1, 10_000)],
        at("2026-03-05T01:00:00Z"),
    );
    let mut work = world.outbox().begin().await.unwrap();
    for _ in 0..2 {
        work.publish(&opened, world.now()).unwrap();
    }
    work.commit().await.unwrap();
    world.drain(topics::DISPUTE_CHANGED).await;
    // The same record once more is no event at all.
    world.drain(topics::DISPUTE_CHANGED).await;
    assert_eq!(world.number("select count(*) from disputed_lines").await, 1);
    let dead = bus::dead::list(&world.outbox()).await.unwrap();
    assert_eq!((dead.len(), dead[0].number), (1, 2));
    assert!(
        dead[0].error.as_deref().unwrap().contains("disputed_lines_once"),
        "{dead:?}"
    );
}

#[tokio::test]
async fn a_dispute_that_contradicts_itself_is_a_dead_letter() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    let when = at("2026-03-05T01:00:00Z");
    let opened = dispute_changed(&sold, NeedsResponse, Withdrawn, 9_999, &[(1, 10_000)], when);
    let mut work = world.outbox().begin().await.unwrap();
    work.publish(&opened, world.now()).unwrap();
    work.commit().await.unwrap();
    world.drain(topics::DISPUTE_CHANGED).await;
    let dead = bus::dead::list(&world.outbox()).await.unwrap();
    assert!(
        dead[0].error.as_deref().unwrap().contains("add up to 10000"),
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
    world.dispute(&sold, &[(1, 10_000)], "2026-03-05T01:00:00Z").await;
    world.price_all_waiting().await;
    let problems = world.texts("select problem from waiting_disputed_lines").await;
    assert!(problems[0].contains("2026-03-02"), "{problems:?}");

    world.version(&first, 2, "2026-03-03", &json!({})).await;
    world.price_all_waiting().await;
    assert_eq!(world.number(WAITING).await, 0);
    assert_eq!(world.texts(DISPUTED).await, ["-10000 0 0 -10000 1 2026-03-05"]);
}

#[tokio::test]
async fn a_dispute_that_does_not_fit_its_sale_waits_with_the_reason() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = payment_completed(partner, 10_000, at("2026-03-01T01:00:00Z"));
    // One before its payment, one after: both are seen, and neither holds the payment up.
    world.dispute(&sold, &[(1, 10_001)], "2026-03-05T01:00:00Z").await;
    world.feed(std::slice::from_ref(&sold)).await;
    world.dispute(&sold, &[(1, 10_001)], "2026-03-05T01:00:00Z").await;
    assert_eq!(world.number(PRICED).await, 1);
    let problems = world.texts("select problem from waiting_disputed_lines").await;
    assert_eq!(problems.len(), 2);
    for problem in problems {
        assert!(problem.contains("10001"), "{problem}");
    }
}

/// How many sessions wait for a lock.
const BLOCKED: &str =
    "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";

#[tokio::test]
async fn a_dispute_that_comes_while_its_line_is_priced_or_refunded_takes_of_it() {
    use bus::Handler as _;
    for beside in ["payment", "refund"] {
        for dispute_first in [true, false] {
            let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
            let sold = payment_completed(partner, 10_000, at("2026-03-01T01:00:00Z"));
            let when = at("2026-03-05T01:00:00Z");
            let opened = dispute_changed(&sold, NeedsResponse, Withdrawn, 4_000, &[(1, 4_000)], when);
            let dispute = testkit::events::record(&opened, 1, world.now());
            let other = if beside == "payment" {
                testkit::events::record(&sold, 1, world.now())
            } else {
                world.feed(std::slice::from_ref(&sold)).await;
                let refund = payment_refunded(&sold, Refunded, &[(1, 6_000, 0)], when);
                testkit::events::record(&refund, 1, world.now())
            };
            let (first, second) = if dispute_first {
                (&dispute, &other)
            } else {
                (&other, &dispute)
            };
            let mut one = world.outbox().begin().await.unwrap();
            world.handler().handle(&mut one, &[first]).await.unwrap();
            let through = Cell::new(false);
            let later = async {
                let mut two = world.outbox().begin().await.unwrap();
                world.handler().handle(&mut two, &[second]).await.unwrap();
                two.commit().await.unwrap();
                through.set(true);
            };
            let committed = async {
                // The second waits for the first, or does not, and is through: then the first is committed.
                while world.number(BLOCKED).await == 0 && !through.get() {}
                one.commit().await.unwrap();
            };
            tokio::join!(later, committed);
            let priced = if beside == "payment" { 2 } else { 3 };
            assert_eq!(
                (world.number(PRICED).await, world.number(WAITING).await),
                (priced, 0),
                "{beside}, dispute first: {dispute_first}"
            );
        }
    }
}

#[tokio::test]
async fn windows_are_not_closed_before_disputes_are_taken_in() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    let mut scheduler = world.scheduler().await;
    let when = at("2026-03-05T02:00:00Z");
    let asked = dispute_changed(&sold, Warning, Unmoved, 4_000, &[(1, 4_000)], when);
    let opened = dispute_goes_on(&asked, NeedsResponse, Withdrawn, when);
    let mut work = world.outbox().begin().await.unwrap();
    for change in [&asked, &opened] {
        work.publish(change, world.now()).unwrap();
    }
    work.commit().await.unwrap();
    assert_eq!(scheduler.tick().await.unwrap(), 0);
    world.drain(topics::DISPUTE_CHANGED).await;
    assert_eq!(scheduler.tick().await.unwrap(), 1);
    world.drain(topics::SETTLEMENT_REQUESTED).await;
    assert_eq!(
        world.texts(STATEMENTS).await,
        ["2026-03-05 2026-03-10 4900 0 4900 0"]
    );
}

#[tokio::test]
async fn what_a_dispute_took_never_changes() {
    let (world, partner) = with_a_contract("2026-03-10T00:00:00Z").await;
    let sold = world.sell(partner, 10_000, "2026-03-01T01:00:00Z").await;
    world.dispute(&sold, &[(1, 10_000)], "2026-03-05T01:00:00Z").await;
    for statement in [
        "update disputed_lines set funds = 'returned'",
        "delete from disputed_lines",
    ] {
        let refused = sqlx::query(statement)
            .execute(world.outbox().db().pool())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("disputed_lines"), "{refused}");
    }
}
