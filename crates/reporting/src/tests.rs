//! Rules that need a database.

use bus::{Handler, Outbox, Record, Refusal};
use chrono::DateTime;
use contracts::events::{AccountingEntry, Side};
use ids::PartnerId;
use money::Currency;
use testkit::events::record;
use testkit::{Database, Platform};

use crate::domain::Period;
use crate::domain::tests::{entry, line};
use crate::events::PostedEntries;
use crate::ops;

fn sale(day: &str, partner: PartnerId, amount: i64) -> AccountingEntry {
    let lines = vec![
        line("1100", None, Side::Debit, amount),
        line("2100", Some(partner), Side::Credit, amount),
    ];
    entry(day, "payment-completed", lines)
}

async fn handle(outbox: &Outbox, entries: &[AccountingEntry]) -> Result<(), Refusal> {
    let records: Vec<Record> = entries
        .iter()
        .map(|e| record(e, 1, DateTime::UNIX_EPOCH))
        .collect();
    let mut work = outbox.begin().await?;
    PostedEntries
        .handle(&mut work, &records.iter().collect::<Vec<_>>())
        .await?;
    work.commit().await?;
    Ok(())
}

/// Account, debit, credit and entries, row by row.
async fn december(outbox: &Outbox) -> Vec<(String, i128, i128, i64)> {
    let period = Period::parse("2026-12-01".parse().unwrap(), "2026-12-31".parse().unwrap()).unwrap();
    ops::daily(outbox, period, None)
        .await
        .unwrap()
        .into_iter()
        .map(|(key, sums)| (key.account, sums.debit, sums.credit, sums.entries))
        .collect()
}

#[tokio::test]
async fn an_entry_that_comes_again_changes_nothing() {
    let database = Database::for_service(&crate::service()).await;
    let outbox = database.outbox();
    let partner = PartnerId::generate();
    let entries: Vec<_> = (1..=500).map(|n| sale("2026-12-01", partner, n)).collect();
    handle(&outbox, &entries).await.unwrap();
    let once = december(&outbox).await;
    assert_eq!(
        once,
        [
            ("1100".to_owned(), 125_250, 0, 500),
            ("2100".to_owned(), 0, 125_250, 500)
        ]
    );
    handle(&outbox, &entries).await.unwrap();
    handle(&outbox, &[entries[3].clone(), entries[3].clone()])
        .await
        .unwrap();
    assert_eq!(december(&outbox).await, once);
    let months = ops::partner(&outbox, partner, None, None).await.unwrap();
    assert_eq!(months.len(), 1);
    assert_eq!((months[0].1.credit, months[0].1.entries), (125_250, 500));
}

#[tokio::test]
async fn an_entry_that_does_not_balance_is_refused_with_its_batch() {
    let database = Database::for_service(&crate::service()).await;
    let outbox = database.outbox();
    let good = sale("2026-12-01", PartnerId::generate(), 5);
    let mut bad = sale("2026-12-01", PartnerId::generate(), 5);
    bad.lines[0].amount_minor = 4;
    let outcome = handle(&outbox, &[good.clone(), bad]).await;
    assert!(matches!(outcome, Err(Refusal::Never(_))), "{outcome:?}");
    assert_eq!(december(&outbox).await, []);
    handle(&outbox, &[good]).await.unwrap();
    assert_eq!(december(&outbox).await.len(), 2);
}

#[tokio::test]
async fn batches_at_once_add_up() {
    let database = Database::for_service(&crate::service()).await;
    let partners = [PartnerId::generate(), PartnerId::generate()];
    let running = (0..8).map(|turn: usize| {
        let outbox = database.outbox();
        tokio::spawn(async move {
            let mut entries: Vec<_> = (0..100)
                .map(|n: usize| sale(&format!("2026-12-{:02}", n % 28 + 1), partners[n % 2], 1))
                .collect();
            entries.rotate_left(turn * 11);
            handle(&outbox, &entries).await
        })
    });
    for task in running.collect::<Vec<_>>() {
        task.await.unwrap().unwrap();
    }
    let rows = december(&database.outbox()).await;
    assert_eq!(rows.iter().map(|row| row.1).sum::<i128>(), 800);
    assert_eq!(rows.iter().map(|row| row.2).sum::<i128>(), 800);
    assert_eq!(rows.iter().map(|row| row.3).sum::<i64>(), 1_600);
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_say_sums_beyond_64_bits_digit_for_digit() {
    let platform = Platform::of(&[crate::service()]).start().await;
    let outbox = platform.database("reporting").outbox();
    let partner = PartnerId::generate();
    let mut dollars = sale("2026-12-31", partner, 7);
    for line in &mut dollars.lines {
        line.currency = Currency::USD;
    }
    let entries = [
        sale("2026-12-01", partner, i64::MAX),
        sale("2026-12-01", partner, i64::MAX),
        dollars,
    ];
    handle(&outbox, &entries).await.unwrap();

    let report = platform
        .get("reporting", "/v1/reports/daily?from=2026-12-01&to=2026-12-31")
        .await
        .expect(200);
    assert_eq!(report["rows"].as_array().unwrap().len(), 4);
    assert_eq!(report["rows"][0]["debit_minor"], "18446744073709551614");
    assert_eq!(report["totals"][0]["credit_minor"], "18446744073709551614");
    assert_eq!(report["totals"][1]["currency"], "USD");
    let won = "/v1/reports/daily?from=2026-12-01&to=2026-12-31&currency=KRW";
    assert_eq!(
        platform.get("reporting", won).await.expect(200)["rows"]
            .as_array()
            .unwrap()
            .len(),
        2
    );

    let path = format!("/v1/reports/partners/{partner}");
    let report = platform.get("reporting", &path).await.expect(200);
    assert_eq!(report["rows"][0]["credit_minor"], "18446744073709551614");
    assert_eq!(report["rows"][0]["month"], "2026-12-01");
    let later = platform
        .get("reporting", &format!("{path}?from=2027-01-01"))
        .await
        .expect(200);
    assert_eq!(later["rows"].as_array().unwrap().len(), 0);
    let stranger = format!("/v1/reports/partners/{}", PartnerId::generate());
    assert_eq!(
        platform.get("reporting", &stranger).await.expect(200)["rows"]
            .as_array()
            .unwrap()
            .len(),
        0
    );

    let long = "/v1/reports/daily?from=2026-01-01&to=2026-12-31";
    assert_eq!(
        platform.get("reporting", long).await.expect(422)["errors"][0]["pointer"],
        "to"
    );
    for bad in [
        "",
        "?from=2026-12-01",
        "?from=2026-12-01&to=x",
        "?from=2026-12-01&to=2026-12-02&currency=won",
    ] {
        platform
            .get("reporting", &format!("/v1/reports/daily{bad}"))
            .await
            .expect(400);
    }
    let api = platform.get("reporting", "/openapi.json").await.expect(200);
    for (path, count) in [("/v1/reports/daily", 3), ("/v1/reports/partners/{id}", 4)] {
        let parameters = &api["paths"][path]["get"]["parameters"];
        assert_eq!(parameters.as_array().unwrap().len(), count, "{parameters}");
    }
    platform.stop().await;
}
