//! Refunds that settlement and accounting took in are proved, and what is changed of them behind their backs is seen.
//!
//! The refunds are published in the name of the payment service, whose own rows know nothing of them; so what is said of
//! those rows alone is left out here.

use chrono::{DateTime, Utc};
use contracts::events::PaymentRefunded;
use contracts::events::RefundOutcome::{Refunded, Reversed};
use serde_json::json;
use testkit::Platform;
use testkit::events::payment_refunded;

use crate::world::{self, at, change, partner, pay, quiet, started, verified};

const TAKEN_IN: &str = "refunded_lines_reversed_or_waiting";
const OWED: &str = "unsettled_payable_directly";

/// The checks that found something, but for those of the payment service's own rows.
fn broken(report: &verify::Report) -> Vec<&verify::Check> {
    world::broken(report, "")
}

async fn publish(platform: &Platform, refunds: &[PaymentRefunded]) {
    let told: Vec<(&PaymentRefunded, DateTime<Utc>)> = refunds
        .iter()
        .map(|refund| (refund, refund.refunded_at))
        .collect();
    world::publish(platform, &told).await;
}

/// Refunds of every sort.
async fn history(platform: &Platform) {
    let daily = json!({
        "currency": "KRW", "rate_ppm": 99_999, "cycle": { "kind": "daily" }, "payout": { "days": 2 },
        "flat_fee_minor": 77,
    });
    let monthly = json!({
        "currency": "KRW", "rate_ppm": 120_000, "fee_base": "less_partner_discounts", "rounding": "half_even",
        "fee_vat": { "rate_ppm": 100_000, "borne_by": "platform" }, "shipping": { "rule": "with_fee", "rate_ppm": 33_000 },
        "cycle": { "kind": "monthly", "ends_on": [31] }, "payout": { "days": 3 },
    });
    let daily = partner(platform, "daily", Some(&daily)).await;
    let monthly = partner(platform, "monthly", Some(&monthly)).await;
    let waiting = partner(platform, "waiting", None).await;
    let one = |partner: &str, price: i64| json!([{ "partner_id": partner, "unit_price_minor": price }]);

    // Back in parts, one of which came in again.
    let parts = pay(
        platform,
        "parts",
        &one(&daily, 10_000),
        10_000,
        "2025-03-03T03:00:00Z",
    )
    .await;
    let back = |outcome, refunded, before, day: &str| {
        payment_refunded(
            &parts,
            outcome,
            &[(1, refunded, before)],
            at(&format!("2025-03-{day}T03:00:00Z")),
        )
    };
    let second = back(Refunded, 3_333, 3_333, "11");
    let taken_back = PaymentRefunded {
        transaction_id: second.transaction_id,
        ..back(Reversed, 3_333, 6_666, "12")
    };
    publish(
        platform,
        &[
            back(Refunded, 3_333, 0, "10"),
            second,
            taken_back,
            back(Refunded, 6_667, 3_333, "13"),
        ],
    )
    .await;

    // Several lines, with discounts and shipping; the whole of one, a part of another.
    let basket = json!([
        { "partner_id": monthly, "category": "books", "unit_price_minor": 33_000, "quantity": 1, "shipping_minor": 2_500,
          "tax_free_minor": 33_000, "discounts": [{ "amount_minor": 1_500, "funded_by": "partner" },
                                                  { "amount_minor": 1_500, "funded_by": "platform" }] },
        { "partner_id": daily, "unit_price_minor": 7_777, "quantity": 3 },
    ]);
    let basket = pay(platform, "basket", &basket, 55_831, "2025-03-04T03:00:00Z").await;
    let parts = [(1, 32_500, 0), (2, 5_001, 0)];
    publish(
        platform,
        &[payment_refunded(
            &basket,
            Refunded,
            &parts,
            at("2025-03-20T03:00:00Z"),
        )],
    )
    .await;

    // Paid over: the whole goes back, and of another one a part of what was over.
    for (order, beyond) in [("over", 500), ("over-too", 200)] {
        let over = pay(
            platform,
            order,
            &one(&daily, 20_000),
            20_500,
            "2025-03-05T03:00:00Z",
        )
        .await;
        let mut refund = payment_refunded(&over, Refunded, &[(1, 20_000, 0)], at("2025-03-06T03:00:00Z"));
        refund.tender.refunded_minor += beyond;
        publish(platform, &[refund]).await;
    }

    // Of a line that waits for its contract.
    let early = pay(
        platform,
        "early",
        &one(&waiting, 4_000),
        4_000,
        "2025-03-05T03:00:00Z",
    )
    .await;
    publish(
        platform,
        &[payment_refunded(
            &early,
            Refunded,
            &[(1, 1_000, 0)],
            at("2025-03-07T03:00:00Z"),
        )],
    )
    .await;
}

/// A value more or less of what was taken back, waits or was repaid.
async fn changes_are_seen(platform: &Platform) {
    let last = "(select detail_id from reversals order by detail_id desc limit 1)";
    let only = "settlement_details";
    let of = |column: &str, by: &str| {
        let update =
            |sign: &str| format!("update {only} set {column} = {column} {sign} {by} where id = {last}");
        (update("+"), update("-"))
    };
    let reversal = |column: &str, by: &str| {
        let update = |sign: &str| {
            format!("update reversals set {column} = {column} {sign} {by} where detail_id = {last}")
        };
        (update("+"), update("-"))
    };
    let waits = |column: &str, by: &str| {
        let update = |sign: &str| format!("update waiting_reversals set {column} = {column} {sign} {by}");
        (update("+"), update("-"))
    };
    let repaid = (
        "update break_repayments set amount_minor = amount_minor + 1".to_owned(),
        "update break_repayments set amount_minor = amount_minor - 1".to_owned(),
    );
    for (service, table, (corrupt, heal), seen_by) in [
        ("settlement", only, of("tax_free_minor", "1"), TAKEN_IN),
        ("settlement", only, of("fee_base_minor", "1"), "prices"),
        ("settlement", only, of("sold_on", "1"), "prices"),
        (
            "settlement",
            "reversals",
            reversal("refunded_before_minor", "1"),
            TAKEN_IN,
        ),
        ("settlement", "reversals", reversal("owed_minor", "1"), "prices"),
        ("settlement", "reversals", reversal("refunded_on", "1"), "prices"),
        (
            "settlement",
            "reversals",
            reversal("refunded_at", "interval '1 day'"),
            TAKEN_IN,
        ),
        (
            "settlement",
            "reversals",
            reversal("line_number", "1"),
            "settlement_reversals",
        ),
        ("settlement", "waiting_reversals", waits("gross_minor", "1"), OWED),
        (
            "settlement",
            "waiting_reversals",
            waits("tax_free_minor", "1"),
            TAKEN_IN,
        ),
        (
            "settlement",
            "waiting_reversals",
            waits("owed_minor", "1"),
            TAKEN_IN,
        ),
        (
            "settlement",
            "waiting_reversals",
            waits("sold_at", "interval '1 day'"),
            TAKEN_IN,
        ),
        ("accounting", "break_repayments", repaid, "accounting_suspense"),
    ] {
        change(platform, service, table, &corrupt).await;
        let report = verified(platform).await;
        let names: Vec<&str> = broken(&report).iter().map(|check| check.name.as_str()).collect();
        assert!(names.contains(&seen_by), "{corrupt}: {names:?}");
        change(platform, service, table, &heal).await;
    }
}

/// Rows that are gone.
async fn losses_are_seen(platform: &Platform) {
    for (service, table, seen_by) in [
        ("settlement", "reversals", TAKEN_IN),
        ("settlement", "waiting_reversals", TAKEN_IN),
        ("accounting", "break_repayments", "accounting_suspense"),
    ] {
        let kept = format!("create table kept as table {table}; delete from {table}");
        change(platform, service, table, &kept).await;
        let report = verified(platform).await;
        let names: Vec<&str> = broken(&report).iter().map(|check| check.name.as_str()).collect();
        assert!(names.contains(&seen_by), "{table}: {names:?}");
        let back = format!("insert into {table} table kept; drop table kept");
        change(platform, service, table, &back).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn refunds_are_proved_and_what_is_changed_of_them_is_seen() {
    let platform = started().await;
    history(&platform).await;
    let report = quiet(&platform, "").await;
    let check = |name: &str| {
        let found = report.checks.iter().find(|check| check.name == name);
        found.unwrap_or_else(|| panic!("there is no check {name}"))
    };
    assert_eq!(check("refunded_lines_reversed_or_waiting").examined, 5);
    assert_eq!(check("refunded_lines_reversed_or_waiting").waiting, 1);
    assert_eq!(check("payment_refunded_booked").examined, 5);
    assert_eq!(check("settlement_reversals").examined, 8);
    assert!(check("accounting_suspense").examined >= 2);
    changes_are_seen(&platform).await;
    losses_are_seen(&platform).await;
    let report = verified(&platform).await;
    assert!(broken(&report).is_empty(), "{:#?}", broken(&report));
    platform.stop().await;
}
