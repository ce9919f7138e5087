//! Disputes that settlement, accounting and notification took in are proved, and what is changed of them behind their
//! backs is seen.
//!
//! They are published in the name of the payment service, and written into its tables as it does; what is said of its
//! other rows is left out here.

use contracts::events::DisputeState::{Lost, NeedsResponse, UnderReview, Warning, Won};
use contracts::events::DisputedFunds::{Returned, Unmoved, Withdrawn};
use contracts::events::RefundOutcome::Refunded;
use contracts::events::{DisputeChanged, PaymentCompleted};
use serde_json::json;
use sqlx::AssertSqlSafe;
use testkit::Platform;
use testkit::events::{dispute_changed, dispute_goes_on, payment_refunded};
use verify::{Check, Report};

use crate::world::{self, at, change, partner, pay, quiet, started, verified};

/// What the payment service's own rows of disputes are asked.
const OWN: &str = "payment_disputes";
/// What they and refunds took of the same lines.
const LINES: &str = "payment_lines_taken";
const TOLD: &str = "disputes_told";
const TAKEN_IN: &str = "disputed_lines_taken_in_or_waiting";
const OWED: &str = "unsettled_payable_directly";
const SUSPENSE: &str = "accounting_suspense";
const BOOKED: &str = "dispute_changed_booked";

/// Tells of a dispute's course, and leaves it in the payment service's tables as it stands in the end.
async fn tell(platform: &Platform, course: &[DisputeChanged], is_withdrawn: bool) {
    let told: Vec<_> = course.iter().map(|change| (change, change.changed_at)).collect();
    world::publish(platform, &told).await;
    let (first, last) = (&course[0], &course[course.len() - 1]);
    let parts: Vec<_> = last
        .lines
        .iter()
        .map(|line| json!({"line_number": line.line_number, "amount_minor": line.disputed_minor}))
        .collect();
    let pool = platform.database("payment").db().pool().clone();
    sqlx::query(
        "insert into disputes (dispute_id, payment_id, tender_number, connector, connector_reference, amount_minor, reason,
                               state, is_withdrawn, parts, version, opened_at, changed_at)
         values ($1, $2, 1, 'external', $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(last.dispute_id.as_uuid())
    .bind(last.payment_id.as_uuid())
    .bind(last.dispute_id.to_string())
    .bind(last.amount.amount_minor())
    .bind(&last.reason)
    .bind(serde_json::to_value(last.state).unwrap().as_str())
    .bind(is_withdrawn)
    .bind(json!(parts))
    .bind(last.version)
    .bind(first.changed_at)
    .bind(last.changed_at)
    .execute(&pool)
    .await
    .unwrap();
    if is_withdrawn {
        let sql = "update tenders set disputed_minor = disputed_minor + $2 where payment_id = $1";
        sqlx::query(sql)
            .bind(last.payment_id.as_uuid())
            .bind(last.amount.amount_minor())
            .execute(&pool)
            .await
            .unwrap();
    }
}

/// A dispute that is opened about these parts of a payment, and `beyond` more.
fn opened(payment: &PaymentCompleted, parts: &[(i32, i64)], beyond: i64, when: &str) -> DisputeChanged {
    let amount = parts.iter().map(|(_, disputed)| disputed).sum::<i64>() + beyond;
    dispute_changed(payment, NeedsResponse, Withdrawn, amount, parts, at(when))
}

/// Disputes of every sort.
async fn history(platform: &Platform) {
    let terms = json!({
        "currency": "KRW", "rate_ppm": 99_999, "cycle": { "kind": "daily" }, "payout": { "days": 2 },
    });
    let seller = partner(platform, "seller", Some(&terms)).await;
    let other = partner(platform, "other", Some(&terms)).await;
    let waiting = partner(platform, "waiting", None).await;
    let one = |partner: &str, price: i64| json!([{ "partner_id": partner, "unit_price_minor": price }]);
    let sold = "2025-03-03T03:00:00Z";

    // Won, after a warning and a review; beyond what was left, since a part had gone back.
    let won = pay(platform, "won", &one(&seller, 10_000), 10_000, sold).await;
    let back = payment_refunded(&won, Refunded, &[(1, 1_000, 0)], at("2025-03-04T03:00:00Z"));
    world::publish(platform, &[(&back, back.refunded_at)]).await;
    let warned = dispute_changed(
        &won,
        Warning,
        Unmoved,
        10_000,
        &[(1, 10_000)],
        at("2025-03-03T04:00:00Z"),
    );
    // Between the warning and the bank's taking it a part went back.
    let mut taken = dispute_goes_on(&warned, NeedsResponse, Withdrawn, at("2025-03-11T03:00:00Z"));
    taken.lines[0].disputed_minor = 9_000;
    let reviewed = dispute_goes_on(&taken, UnderReview, Unmoved, at("2025-03-12T03:00:00Z"));
    let given_back = dispute_goes_on(&reviewed, Won, Returned, at("2025-03-13T03:00:00Z"));
    tell(platform, &[warned, taken, reviewed, given_back], false).await;

    // Lost, of two partners' lines; and lost at once, of what was not left at all.
    let basket = json!([
        { "partner_id": seller, "unit_price_minor": 33_000, "shipping_minor": 2_500 },
        { "partner_id": other, "unit_price_minor": 7_777, "quantity": 3 },
    ]);
    let basket = pay(platform, "basket", &basket, 58_831, sold).await;
    let first = opened(&basket, &[(1, 35_500), (2, 23_331)], 0, "2025-03-14T03:00:00Z");
    let lost = dispute_goes_on(&first, Lost, Unmoved, at("2025-03-20T03:00:00Z"));
    tell(platform, &[first, lost], true).await;
    let beyond = DisputeChanged {
        state: Lost,
        ..opened(&basket, &[], 500, "2025-03-21T03:00:00Z")
    };
    tell(platform, &[beyond], true).await;

    // Still open.
    let open = pay(platform, "open", &one(&other, 20_000), 20_000, sold).await;
    tell(
        platform,
        &[opened(&open, &[(1, 20_000)], 300, "2025-03-15T03:00:00Z")],
        true,
    )
    .await;

    // Of a line that waits for its contract.
    let early = pay(platform, "early", &one(&waiting, 4_000), 4_000, sold).await;
    tell(
        platform,
        &[opened(&early, &[(1, 1_000)], 0, "2025-03-07T03:00:00Z")],
        true,
    )
    .await;
    let evidence = "insert into dispute_evidence (evidence_id, dispute_id, text, submitted_by, submitted_at, state, attempts)
                    select gen_random_uuid(), dispute_id, 'It was delivered.', 'service:payment', changed_at, 'accepted', 1
                      from disputes where state = 'won'";
    let pool = platform.database("payment").db().pool().clone();
    sqlx::query(evidence).execute(&pool).await.unwrap();
}

/// The checks that found something, but for those of the payment service's other rows.
fn broken(report: &Report) -> Vec<&Check> {
    world::broken(report, OWN)
}

async fn is_seen(platform: &Platform, service: &str, table: &str, corrupt: &str, seen_by: &str) {
    change(platform, service, table, corrupt).await;
    let report = verified(platform).await;
    let names: Vec<&str> = broken(&report).iter().map(|check| check.name.as_str()).collect();
    assert!(names.contains(&seen_by), "{corrupt}: {names:?}");
}

const LAST: &str = "detail_id = (select detail_id from disputed_lines order by detail_id desc limit 1)";
const OF_LAST: &str = "id = (select detail_id from disputed_lines order by detail_id desc limit 1)";
const OPEN: &str = "state = 'needs_response' and amount_minor = 20300";

/// Service, table, column, by how much it is off, in which rows, and the check that sees it.
#[rustfmt::skip]
const CHANGED: &[(&str, &str, &str, &str, &str, &str)] = &[
    ("settlement", "settlement_details", "fee_base_minor", "1", OF_LAST, "prices"),
    ("settlement", "settlement_details", "fee_rate_ppm", "1", OF_LAST, "prices"),
    ("settlement", "settlement_details", "tax_free_minor", "1", OF_LAST, "settlement_disputes"),
    ("settlement", "disputed_lines", "version", "1", LAST, TAKEN_IN),
    ("settlement", "disputed_lines", "changed_at", "interval '1 day'", LAST, TAKEN_IN),
    ("settlement", "disputed_lines", "changed_on", "1", LAST, "prices"),
    ("settlement", "disputed_lines", "line_number", "1", LAST, "settlement_disputes"),
    ("settlement", "waiting_disputed_lines", "disputed_minor", "1", "true", OWED),
    ("settlement", "waiting_disputed_lines", "version", "1", "true", TAKEN_IN),
    ("settlement", "waiting_disputed_lines", "sold_at", "interval '1 day'", "true", TAKEN_IN),
    ("settlement", "waiting_disputed_lines", "changed_at", "interval '1 day'", "true", TAKEN_IN),
    ("accounting", "dispute_breaks", "version", "1", "true", BOOKED),
    ("payment", "disputes", "amount_minor", "1", OPEN, TOLD),
    ("payment", "disputes", "version", "1", OPEN, TOLD),
    ("payment", "disputes", "changed_at", "interval '1 day'", OPEN, TOLD),
    ("payment", "disputes", "opened_at", "interval '1 second'", OPEN, TOLD),
    ("payment", "tenders", "disputed_minor", "1", "disputed_minor = 20300", OWN),
    ("payment", "dispute_evidence", "submitted_at", "interval '-1 year'", "true", OWN),
];

/// A value more or less of what was taken or waits.
async fn changes_are_seen(platform: &Platform) {
    for (service, table, column, by, of, seen_by) in CHANGED.iter().copied() {
        let update = |sign: &str| format!("update {table} set {column} = {column} {sign} {by} where {of}");
        let pool = platform.database(service).db().pool().clone();
        let kept = format!("create table kept as table {table}");
        sqlx::query(AssertSqlSafe(kept)).execute(&pool).await.unwrap();
        is_seen(platform, service, table, &update("+"), seen_by).await;
        let key = match table {
            "settlement_details" | "waiting_disputed_lines" => "id",
            "disputed_lines" => "detail_id",
            "dispute_breaks" => "entry_id",
            "disputes" => "dispute_id",
            "tenders" => "tender_id",
            _ => "evidence_id",
        };
        let heal = format!(
            "update {table} t set {column} = k.{column} from kept k where k.{key} = t.{key}; drop table kept"
        );
        change(platform, service, table, &heal).await;
    }
}

/// Words that stand for something else.
async fn other_words_are_seen(platform: &Platform) {
    for (service, table, corrupt, heal, seen_by) in [
        (
            "accounting",
            "breaks",
            "update breaks set state = 'open' where state = 'resolved'",
            "update breaks set state = 'resolved' where amount_minor = 1000",
            SUSPENSE,
        ),
        (
            "payment",
            "disputes",
            "update disputes set reason = 'duplicate' where state = 'won'",
            "update disputes set reason = 'fraudulent'",
            TOLD,
        ),
        (
            "payment",
            "disputes",
            "update disputes set connector = 'simulator' where state = 'won'",
            "update disputes set connector = 'external'",
            OWN,
        ),
        (
            "payment",
            "dispute_evidence",
            "update dispute_evidence set state = 'refused'",
            "update dispute_evidence set state = 'accepted'",
            OWN,
        ),
        (
            "notification",
            "notifications",
            "update notifications set kind = 'dispute_won' where kind = 'dispute_lost'",
            "update notifications set kind = 'dispute_lost' where title like '%was lost'",
            "dispute_changed_notified",
        ),
    ] {
        is_seen(platform, service, table, corrupt, seen_by).await;
        change(platform, service, table, heal).await;
    }
}

/// Refunds that forgot what disputes took of the same lines, and those that did not.
async fn lines_that_are_taken_twice_are_seen(platform: &Platform) {
    let gave_back = |minor: i64, of: &str| {
        format!(
            "update payment_lines l set refunded_minor = {minor} from disputes d
              where d.payment_id = l.payment_id and {of}"
        )
    };
    // Of 20,000 that the bank took all of; of 4,000 that it took 1,000 of; of 10,000 that it gave back.
    let (all, some, won) = (
        "d.amount_minor = 20300",
        "d.amount_minor = 1000",
        "d.state = 'won'",
    );
    for (minor, of, count) in [
        (1, all, 1),
        (0, all, 0),
        (3_000, some, 0),
        (3_001, some, 1),
        (0, some, 0),
        (10_000, won, 0),
        (0, won, 0),
    ] {
        change(platform, "payment", "payment_lines", &gave_back(minor, of)).await;
        let report = verified(platform).await;
        let check = report.checks.iter().find(|check| check.name == LINES);
        assert_eq!(check.unwrap().break_count, count, "{minor} {of}");
    }
}

/// Rows that are gone.
async fn losses_are_seen(platform: &Platform) {
    for (service, table, seen_by) in [
        ("settlement", "disputed_lines", TAKEN_IN),
        ("settlement", "waiting_disputed_lines", TAKEN_IN),
        ("accounting", "dispute_breaks", BOOKED),
        ("notification", "notifications", "dispute_changed_notified"),
    ] {
        let lose = format!("create table kept as table {table}; delete from {table}");
        is_seen(platform, service, table, &lose, seen_by).await;
        let back = format!("insert into {table} table kept; drop table kept");
        change(platform, service, table, &back).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn disputes_are_proved_and_what_is_changed_of_them_is_seen() {
    let platform = started().await;
    history(&platform).await;
    let report = quiet(&platform, OWN).await;
    let check = |name: &str| {
        let found = report.checks.iter().find(|check| check.name == name);
        found.unwrap_or_else(|| panic!("there is no check {name}"))
    };
    // Of four payments.
    assert_eq!(check(TOLD).examined, 4);
    assert_eq!(check(TAKEN_IN).examined, 4);
    assert_eq!(check(TAKEN_IN).waiting, 1);
    assert_eq!(check(BOOKED).examined, 4);
    assert_eq!(check("settlement_disputes").examined, 5);
    let lines = check(LINES);
    assert_eq!((lines.examined, lines.break_count), (5, 0));
    assert_eq!(check("dispute_changed_notified").examined, 4);
    changes_are_seen(&platform).await;
    other_words_are_seen(&platform).await;
    losses_are_seen(&platform).await;
    lines_that_are_taken_twice_are_seen(&platform).await;
    let report = verified(&platform).await;
    assert!(broken(&report).is_empty(), "{:#?}", broken(&report));
    platform.stop().await;
}
