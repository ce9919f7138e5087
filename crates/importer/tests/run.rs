//! Whole imports against a server that misbehaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, its helpers too"
)]

mod fake;

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use clap::Parser;
use importer::{ImportArgs, ImportError, Outcome, Pace, Summary, Target, run_until, sample};
use tokio_util::sync::CancellationToken;

use fake::{Fake, Mishap};

const ORDERS: u64 = 250;

#[derive(Parser)]
struct Command {
    #[command(flatten)]
    args: ImportArgs,
}

fn sample_files() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let until = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap();
    sample::write(dir.path(), 1, u32::try_from(ORDERS).unwrap(), until).unwrap();
    dir
}

fn args(dir: &Path, further: &[&str]) -> ImportArgs {
    let file = |name: &str| dir.join(name).to_str().unwrap().to_owned();
    let mut flags: Vec<String> = [
        "import",
        "--currency",
        "KRW",
        "--batch-size",
        "50",
        "--no-progress",
    ]
    .map(str::to_owned)
    .into();
    for name in ["partners", "orders", "payments"] {
        flags.extend([format!("--{name}"), file(&format!("{name}.csv"))]);
    }
    flags.extend(further.iter().map(|&flag| flag.to_owned()));
    Command::try_parse_from(flags).unwrap().args
}

fn target(base_url: &str) -> Target {
    let pace = Pace {
        first_wait: Duration::from_millis(1),
        longest_wait: Duration::from_millis(4),
        renew_every: Duration::from_millis(1),
        ..Pace::default()
    };
    Target {
        base_url: base_url.to_owned(),
        api_key: "sk_test".to_owned(),
        pace,
    }
}

async fn import(dir: &Path, address: &str, further: &[&str]) -> (Summary, Option<ImportError>) {
    import_until(dir, address, further, &CancellationToken::new()).await
}

async fn import_until(
    dir: &Path,
    address: &str,
    further: &[&str],
    stop: &CancellationToken,
) -> (Summary, Option<ImportError>) {
    let now: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
    run_until(args(dir, further), &target(address), now, stop)
        .await
        .unwrap()
}

#[tokio::test]
async fn every_order_is_recorded_once_though_the_server_is_busy_and_connections_are_cut() {
    let (fake, address) = Fake::start().await;
    fake.mishaps([
        Mishap::Busy,
        Mishap::InProgress,
        Mishap::Cut,
        Mishap::Cut,
        Mishap::Busy,
    ]);
    let dir = sample_files();
    let (summary, failure) = import(dir.path(), &address, &["--rate", "12%"]).await;
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!(summary.outcome, Outcome::Complete);
    assert_eq!(
        (summary.counts.partners_new, summary.counts.partners_existing),
        (40, 0)
    );
    assert_eq!(
        (summary.counts.orders_new, summary.counts.orders_existing),
        (ORDERS, 0)
    );
    assert_eq!(summary.recorded, summary.files);
    assert_eq!(summary.recorded.breaks.len(), 2);
    let books = fake.books();
    assert!(books.mishaps.is_empty());
    assert_eq!((books.partners.len(), books.payments.len()), (40, 250));
    assert_eq!((books.holds_taken, books.unheld), (1, 0));
    assert!(books.holds.is_empty(), "the hold is released");
    let (_, contract) = &books.partners["shop-001"];
    assert_eq!(contract["terms"]["rate_ppm"], 120_000);
    assert_eq!(contract["valid_from"], "2026-08-22");
}

#[tokio::test]
async fn an_import_that_was_stopped_goes_on_where_it_was() {
    let (fake, address) = Fake::start().await;
    let dir = sample_files();
    let stop = CancellationToken::new();
    fake.mishaps([Mishap::Busy, Mishap::Cut, Mishap::Stop(stop.clone())]);
    let (first, failure) = import_until(dir.path(), &address, &[], &stop).await;
    assert!(matches!(failure, Some(ImportError::Stopped)), "{failure:?}");
    assert_eq!(first.outcome, Outcome::Interrupted);
    assert!(first.counts.orders_unsent > 0);
    assert_eq!(first.counts.orders_new + first.counts.orders_unsent, ORDERS);
    assert!(fake.books().holds.is_empty(), "the hold is released");
    let there = u64::try_from(fake.books().payments.len()).unwrap();
    assert!(
        there > first.counts.orders_new,
        "one batch went in without an answer"
    );

    let (second, failure) = import(dir.path(), &address, &[]).await;
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!(
        (second.counts.partners_new, second.counts.partners_existing),
        (0, 40)
    );
    assert_eq!(
        (second.counts.orders_existing, second.counts.orders_new),
        (there, ORDERS - there)
    );
    assert_eq!(second.recorded, second.files);
    assert_eq!(fake.books().payments.len(), 250);
}

#[tokio::test]
async fn the_same_import_again_makes_nothing_new_whatever_the_batches() {
    let (fake, address) = Fake::start().await;
    let dir = sample_files();
    import(dir.path(), &address, &["--rate", "10"]).await;
    for batch_size in [50, 7] {
        let mut again = args(dir.path(), &["--rate", "10"]);
        again.batch_size = batch_size;
        let now: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
        let stop = CancellationToken::new();
        let (summary, failure) = run_until(again, &target(&address), now, &stop).await.unwrap();
        assert!(failure.is_none(), "{failure:?}");
        assert_eq!(
            (summary.counts.orders_new, summary.counts.orders_existing),
            (0, ORDERS)
        );
        assert_eq!(
            (summary.counts.partners_new, summary.counts.partners_existing),
            (0, 40)
        );
    }
    assert_eq!(fake.books().payments.len(), 250);
}

#[tokio::test]
async fn nothing_is_sent_while_a_row_is_broken_unless_its_order_may_be_left_out() {
    let (fake, address) = Fake::start().await;
    let dir = sample_files();
    let file = dir.path().join("payments.csv");
    let rows = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, format!("{rows}S1-000003,9,barter,1,100\n")).unwrap();

    let (summary, failure) = import(dir.path(), &address, &[]).await;
    assert!(
        matches!(failure, Some(ImportError::BrokenRows { count: 1 })),
        "{failure:?}"
    );
    assert_eq!(
        (summary.outcome, fake.books().requests),
        (Outcome::NothingSent, 0)
    );
    let text = summary.to_string();
    assert!(text.contains("method: `barter` is not a known method"), "{text}");

    let (summary, failure) = import(dir.path(), &address, &["--skip-bad-rows"]).await;
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!(
        (
            summary.counts.orders_new,
            summary.orders_left_out,
            summary.bad_rows.count
        ),
        (ORDERS - 1, 1, 1)
    );
    assert!(!fake.books().payments.contains_key("S1-000003"));
}

#[tokio::test]
async fn a_missing_column_cannot_be_skipped() {
    let (fake, address) = Fake::start().await;
    let dir = sample_files();
    std::fs::write(dir.path().join("partners.csv"), "seller,city,state\n").unwrap();
    let (_, failure) = import(dir.path(), &address, &["--skip-bad-rows"]).await;
    assert!(matches!(failure, Some(ImportError::BrokenHeader)), "{failure:?}");
    assert_eq!(fake.books().requests, 0);
}

#[tokio::test]
async fn what_is_refused_is_named_and_the_rest_goes_in() {
    let (fake, address) = Fake::start().await;
    fake.books()
        .refused
        .extend(["S1-000007".to_owned(), "S1-000200".to_owned()]);
    let dir = sample_files();
    let (summary, failure) = import(dir.path(), &address, &[]).await;
    assert!(
        matches!(failure, Some(ImportError::Refused { count: 2 })),
        "{failure:?}"
    );
    assert_eq!(
        (summary.counts.orders_new, summary.counts.orders_refused),
        (ORDERS - 2, 2)
    );
    assert_eq!(summary.recorded.orders, ORDERS - 2);
    assert_eq!(summary.files.orders, ORDERS);
    let text = summary.to_string();
    assert!(
        text.contains("order S1-000007: invalid_field: by order"),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&serde_json::to_string(&summary).unwrap()).unwrap();
    assert_eq!(json["outcome"], "refused");
    assert_eq!(json["refusals"].as_array().unwrap().len(), 2);
    assert_eq!(
        json["recorded"]["lines_minor"].as_i64().map(i128::from),
        Some(summary.recorded.lines_minor)
    );
}

#[tokio::test]
async fn a_partner_with_another_contract_keeps_it_and_its_orders_go_in() {
    let (fake, address) = Fake::start().await;
    let dir = sample_files();
    import(dir.path(), &address, &["--rate", "12%"]).await;
    fake.books().payments.clear();
    let (summary, failure) = import(dir.path(), &address, &["--rate", "13%", "--skip-bad-rows"]).await;
    assert!(
        matches!(failure, Some(ImportError::Refused { count: 40 })),
        "{failure:?}"
    );
    assert_eq!(
        (summary.counts.contracts_refused, summary.counts.partners_existing),
        (40, 40)
    );
    assert_eq!(summary.counts.orders_refused, 0);
    assert_eq!(summary.refusals.len(), 20);
    assert_eq!(summary.refusals[0].what, "contract");
    assert_eq!(fake.books().partners["shop-001"].1["terms"]["rate_ppm"], 120_000);
}

#[tokio::test]
async fn an_order_whose_partner_is_not_known_yet_is_sent_again() {
    let (fake, address) = Fake::start().await;
    fake.books()
        .late
        .extend(["S1-000007".to_owned(), "S1-000200".to_owned()]);
    let dir = sample_files();
    let (summary, failure) = import(dir.path(), &address, &[]).await;
    assert!(failure.is_none(), "{failure:?}");
    assert_eq!(summary.counts.orders_new, ORDERS);
    assert!(fake.books().late.is_empty());
    assert_eq!(fake.books().payments.len(), 250);
}

#[tokio::test]
async fn settlement_is_held_as_long_as_the_import_takes() {
    let (fake, address) = Fake::start().await;
    fake.mishaps([Mishap::UntilRenewed]);
    let dir = sample_files();
    let (_, failure) = import(dir.path(), &address, &[]).await;
    assert!(failure.is_none(), "{failure:?}");
    let books = fake.books();
    assert!(books.renewals > 0);
    assert!(books.holds.is_empty());
}

#[tokio::test]
async fn a_hold_that_ran_out_is_taken_anew() {
    let (fake, address) = Fake::start().await;
    fake.books().lapses = 1;
    fake.mishaps([Mishap::UntilRenewed]);
    let dir = sample_files();
    let (_, failure) = import(dir.path(), &address, &[]).await;
    assert!(failure.is_none(), "{failure:?}");
    let books = fake.books();
    assert_eq!(books.holds_taken, 2);
    assert!(books.holds.is_empty());
}

#[tokio::test]
async fn an_address_where_nothing_answers_is_given_up_soon() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let dir = sample_files();
    let mut target = target(&address);
    target.pace.first_contact = Duration::from_millis(20);
    let now: DateTime<Utc> = "2026-11-22T00:00:00Z".parse().unwrap();
    let stop = CancellationToken::new();
    let (summary, failure) = run_until(args(dir.path(), &[]), &target, now, &stop)
        .await
        .unwrap();
    assert!(matches!(failure, Some(ImportError::GaveUp { .. })), "{failure:?}");
    assert_eq!(
        (summary.outcome, summary.counts.orders_unsent),
        (Outcome::Interrupted, ORDERS)
    );
}
