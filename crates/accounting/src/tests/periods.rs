//! Closing months.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ids::PartnerId;

use crate::Error;
use crate::domain::{Month, PeriodState};
use crate::ops::close_period;
use crate::store::periods;

use super::{at, bookkeeper, count, database, fact, ledgers_that_differ_from_lines, payment, post};

fn month(text: &str) -> Month {
    Month::parse(text).unwrap()
}

#[tokio::test]
async fn a_late_sale_goes_to_the_first_open_month() {
    let database = database().await;
    let (outbox, keeper) = (database.outbox(), bookkeeper());
    // 23:59:59 of 30 November in Seoul, and a second later.
    let november = || fact(&payment(PartnerId::generate(), at("2026-11-30T14:59:59Z")));
    let december = || fact(&payment(PartnerId::generate(), at("2026-11-30T15:00:00Z")));
    post(&outbox, &keeper, vec![november(), december()]).await;
    close_period(&outbox, &keeper, month("2026-11"), "usr_x")
        .await
        .unwrap();
    post(&outbox, &keeper, vec![november()]).await;
    let days: Vec<String> =
        sqlx::query_scalar("select posted_on::text from journal_entries order by posted_on, id")
            .fetch_all(database.db().pool())
            .await
            .unwrap();
    assert_eq!(days, ["2026-11-30", "2026-12-01", "2026-12-01"]);
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
}

#[tokio::test]
async fn a_month_is_closed_once_it_is_over_and_those_before_it_are() {
    let database = database().await;
    let (outbox, keeper) = (database.outbox(), bookkeeper());
    for day in ["2026-09-05T00:00:00Z", "2026-11-05T00:00:00Z"] {
        post(
            &outbox,
            &keeper,
            vec![fact(&payment(PartnerId::generate(), at(day)))],
        )
        .await;
    }
    for running in ["2026-12", "2027-01"] {
        let refusal = close_period(&outbox, &keeper, month(running), "usr_x").await;
        assert!(matches!(refusal, Err(Error::PeriodNotOver(_))), "{running}");
    }
    let refusal = close_period(&outbox, &keeper, month("2026-11"), "usr_x").await;
    assert!(matches!(refusal, Err(Error::EarlierPeriodOpen { earlier, .. }) if earlier == month("2026-09")));
    for (period, by) in [
        ("2026-09", "usr_a"),
        ("2026-11", "usr_b"),
        ("2026-09", "usr_c"),
        ("2026-10", "usr_c"),
    ] {
        let closed = close_period(&outbox, &keeper, month(period), by).await.unwrap();
        assert_eq!((closed.month, closed.state), (month(period), PeriodState::Closed));
        // A month that was closed keeps who closed it.
        assert_ne!(closed.closed_by.as_deref(), Some("usr_c"));
    }
    let list = periods::list(database.db().pool(), "main").await.unwrap();
    let view: Vec<_> = list
        .iter()
        .map(|p| (p.month.to_string(), p.closed_by.as_deref()))
        .collect();
    assert_eq!(
        view,
        [
            ("2026-11".to_owned(), Some("usr_b")),
            ("2026-09".to_owned(), Some("usr_a"))
        ]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn nothing_slips_into_a_month_while_it_is_closed() {
    const OF_NOVEMBER: &str = "select count(*) from journal_entries where period = '2026-11-01'";
    let database = database().await;
    let keeper = bookkeeper();
    let closed = Arc::new(AtomicBool::new(false));
    let writers: Vec<_> = (0..4)
        .map(|_| {
            let (outbox, keeper, closed) = (database.outbox(), keeper.clone(), closed.clone());
            tokio::spawn(async move {
                let mut written = 0;
                loop {
                    let last = closed.load(Ordering::SeqCst);
                    let november = at("2026-11-05T00:00:00Z");
                    let facts = (0..10).map(|_| fact(&payment(PartnerId::generate(), november)));
                    written += post(&outbox, &keeper, facts.collect()).await;
                    if last {
                        return written;
                    }
                }
            })
        })
        .collect();
    // Closed in the midst of the postings.
    while count(&database, "journal_entries").await < 100 {
        tokio::task::yield_now().await;
    }
    close_period(&database.outbox(), &keeper, month("2026-11"), "usr_x")
        .await
        .unwrap();
    let pool = database.db();
    let before: i64 = sqlx::query_scalar(OF_NOVEMBER)
        .fetch_one(pool.pool())
        .await
        .unwrap();
    closed.store(true, Ordering::SeqCst);
    let mut written = 0;
    for writer in writers {
        written += i64::try_from(writer.await.unwrap()).unwrap();
    }
    let after: i64 = sqlx::query_scalar(OF_NOVEMBER)
        .fetch_one(pool.pool())
        .await
        .unwrap();
    assert_eq!(before, after);
    assert_eq!(count(&database, "journal_entries").await, written);
    assert!(
        written >= after + 40,
        "each writer posts once more after the closing"
    );
    assert_eq!(ledgers_that_differ_from_lines(&database).await, 0);
}
