use contracts::contract_terms::Bearer;
use contracts::events::RefundOutcome::Refunded;
use contracts::events::{Discount, SettlementLinesPriced};
use contracts::topics;
use ids::PartnerId;
use serde_json::json;
use testkit::events::{paid_line, partner_changed, payment_completed};

use super::world::{World, at};

const STEPS: &str =
    "select format('%s %s %s %s %s %s', d.gross_minor, d.fee_base_minor, d.fee_minor, d.fee_vat_minor,
                                   d.net_minor, d.contract_version)
                       from settlement_details d order by sold_at, line_number";

#[tokio::test]
async fn a_batch_is_priced_line_by_line_with_every_step_kept() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let (one, two) = (PartnerId::generate(), PartnerId::generate());
    world.feed(&[partner_changed(one), partner_changed(two)]).await;
    world.contract(one, "2026-01-01", &json!({})).await;
    world
        .contract(two, "2026-01-01", &json!({"fee_base": "less_partner_discounts"}))
        .await;

    let mut first = payment_completed(one, 10_000, at("2026-03-09T01:00:00Z"));
    first.lines.push(paid_line(2, two, 33_000));
    let half = |funded_by| Discount {
        amount_minor: 1_500,
        funded_by,
    };
    first.lines[1].discounts = vec![half(Bearer::Partner), half(Bearer::Platform)];
    let second = payment_completed(two, 10_000, at("2026-03-09T02:00:00Z"));
    world.feed(&[first.clone(), second]).await;

    assert_eq!(
        world.texts(STEPS).await,
        [
            "10000 10000 1000 100 8900 1",
            "33000 31500 3150 315 28035 1",
            "10000 10000 1000 100 8900 1"
        ]
    );
    assert_eq!(world.number("select count(*) from windows").await, 2);
    assert_eq!(world.number("select count(*) from waiting_lines").await, 0);

    let log = bus::OutboxLog::new(world.outbox());
    let mut published = Vec::new();
    while published.len() < 2 {
        let topic = topics::SETTLEMENT_LINES_PRICED;
        published = log.read(topic, &bus::Cursor::start(), 10).await.unwrap();
    }
    let events: Vec<SettlementLinesPriced> = published.iter().map(|r| r.event().unwrap()).collect();
    let of_first = events.iter().find(|e| e.payment_id == first.payment_id).unwrap();
    let nets: Vec<i64> = of_first.lines.iter().map(|line| line.net_minor).collect();
    assert_eq!((nets, of_first.sold_at), (vec![8_900, 28_035], first.sold_at));
}

#[tokio::test]
async fn a_rate_changes_with_the_first_day_of_its_version_in_the_contracts_time_zone() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let first = world.contract(partner, "2026-01-01", &json!({})).await;
    world
        .version(&first, 2, "2026-02-01", &json!({"rate_ppm": 200_000}))
        .await;
    for sold_at in ["2026-01-31T14:59:59Z", "2026-01-31T15:00:00Z"] {
        world.sell(partner, 10_000, sold_at).await;
    }
    assert_eq!(
        world.texts(STEPS).await,
        ["10000 10000 1000 100 8900 1", "10000 10000 2000 200 7800 2"]
    );
    assert_eq!(
        world
            .texts("select sold_on::text from settlement_details order by sold_at")
            .await,
        ["2026-01-31", "2026-02-01"]
    );
}

#[tokio::test]
async fn a_version_told_twice_stays_as_it_was_told_first() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let first = world.contract(partner, "2026-01-01", &json!({})).await;
    world
        .version(&first, 1, "2026-01-01", &json!({"rate_ppm": 999_999}))
        .await;
    world.sell(partner, 10_000, "2026-03-01T00:00:00Z").await;
    assert_eq!(world.texts(STEPS).await, ["10000 10000 1000 100 8900 1"]);
}

#[tokio::test]
async fn sales_of_ten_years_ago_are_priced_and_settled() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    let brazil = json!({
        "currency": "BRL", "time_zone": "America/Sao_Paulo", "holidays": "BR",
        "cycle": {"kind": "monthly", "ends_on": [31]},
    });
    world.contract(partner, "2016-09-01", &brazil).await;
    let mut payment = payment_completed(partner, 12_345, at("2016-09-30T23:00:00Z"));
    payment.currency = money::Currency::BRL;
    world.feed(&[payment]).await;
    assert_eq!(world.settle().await, 1);
    assert_eq!(
        world.texts(super::world::STATEMENTS).await,
        ["2016-09-30 2016-10-05 10988 0 10988 0"]
    );
}

#[tokio::test]
async fn what_is_priced_or_settled_is_never_changed() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    let sold = world.sell(partner, 10_000, "2026-03-01T00:00:00Z").await;
    world
        .refund(&sold, Refunded, &[(1, 10_000, 0)], "2026-03-02T00:00:00Z")
        .await;
    world.settle().await;
    for sql in [
        "update settlement_details set net_minor = net_minor",
        "delete from settlement_details",
        "update settlements set due_on = due_on",
        "truncate settlements",
        "update reversals set outcome = 'reversed'",
        "delete from reversals",
    ] {
        let refused = sqlx::query(sql)
            .execute(world.outbox().db().pool())
            .await
            .unwrap_err();
        assert!(refused.to_string().contains("never changed"), "{sql}: {refused}");
    }
}
