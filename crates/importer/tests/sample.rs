//! The sample is what the importer reads, and always the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test may panic, its helpers too"
)]

use std::collections::HashSet;
use std::path::Path;

use calendar::TimeZone;
use chrono::{DateTime, NaiveDate, Utc};
use importer::{Checked, Sources, Totals, check, sample};
use money::Currency;

fn until() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 22).unwrap()
}

fn read(dir: &Path) -> Checked {
    let now: DateTime<Utc> = "2026-11-21T15:00:00Z".parse().unwrap();
    let sources = Sources {
        partners: dir.join("partners.csv"),
        orders: dir.join("orders.csv"),
        payments: dir.join("payments.csv"),
        currency: Currency::KRW,
        time_zone: TimeZone::default(),
    };
    check(&sources, now).unwrap()
}

#[test]
fn a_sample_has_no_bad_rows_and_the_breaks_it_means_to_have() {
    for (seed, orders, breaks) in [
        (1, 600, 3),
        (2, 600, 3),
        (7, 1, 1),
        (8, 2, 2),
        (9, 3, 2),
        (10, 1_999, 9),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let sample = sample::write(dir.path(), seed, orders, until()).unwrap();
        let checked = read(dir.path());
        assert!(checked.faults.is_empty(), "{}", checked.faults);
        assert_eq!((checked.left_out, checked.several_times), (0, 0));
        assert_eq!(checked.sellers.len(), 40);
        let totals = Totals::of(&checked.orders);
        assert_eq!(
            (totals.orders, totals.breaks.len()),
            (u64::from(orders), usize::try_from(breaks).unwrap())
        );
        assert_eq!((sample.order_count, sample.break_count), (orders, breaks));
        assert!(totals.breaks_over.abs_diff(totals.breaks_short) <= 1);
    }
}

#[test]
fn orders_are_of_the_three_months_before_and_some_are_paid_by_several_means() {
    let dir = tempfile::tempdir().unwrap();
    sample::write(dir.path(), 1, 600, until()).unwrap();
    let orders = read(dir.path()).orders;
    let zone = TimeZone::default();
    let days: Vec<NaiveDate> = orders.iter().map(|order| zone.date_of(order.sold_at)).collect();
    assert!(days.iter().min().unwrap() >= &NaiveDate::from_ymd_opt(2026, 8, 22).unwrap());
    assert!(days.iter().max().unwrap() < &until());
    assert!(days.iter().collect::<HashSet<_>>().len() > 80);
    assert!(orders.iter().filter(|order| order.tenders.len() > 1).count() > 20);
    assert!(orders.iter().filter(|order| order.lines.len() > 1).count() > 60);
    let shops: HashSet<_> = orders
        .iter()
        .flat_map(|o| &o.lines)
        .map(|line| &line.seller)
        .collect();
    assert!(shops.len() > 30);
}

#[test]
fn the_same_seed_makes_the_same_files_and_another_one_others() {
    let files = |seed| {
        let dir = tempfile::tempdir().unwrap();
        sample::write(dir.path(), seed, 50, until()).unwrap();
        ["partners.csv", "orders.csv", "payments.csv"]
            .map(|file| std::fs::read(dir.path().join(file)).unwrap())
    };
    assert_eq!(files(1), files(1));
    assert_ne!(files(1), files(2));
}

#[test]
fn a_sample_of_nothing_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    assert!(sample::write(dir.path(), 1, 0, until()).is_err());
    assert!(sample::write(dir.path(), 1, sample::MOST_ORDERS + 1, until()).is_err());
}
