//! Leases on a real PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test reports a fault by panicking"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use lease::{Lease, LeaseError, Options};
use tokio_util::sync::CancellationToken;

async fn database() -> testkit::Database {
    testkit::Database::with("lease", &[&lease::MIGRATOR]).await
}

fn lease(database: &testkit::Database, length: Duration) -> Lease {
    Lease::new(database.db(), "scheduler", Options { length })
}

/// Takes the lease as soon as it can be had.
async fn taken(lease: &Lease) -> lease::Term {
    loop {
        if let Some(term) = lease.take().await.unwrap() {
            return term;
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn one_copy_leads_and_keeps_its_token_while_it_extends() {
    let database = database().await;
    let (one, two) = (
        lease(&database, Duration::from_mins(1)),
        lease(&database, Duration::from_mins(1)),
    );
    let first = one.take().await.unwrap().unwrap();
    assert_eq!(two.take().await.unwrap(), None);
    assert_eq!(one.take().await.unwrap(), Some(first));
}

#[tokio::test]
async fn a_lease_that_was_given_back_is_free_at_once_under_a_higher_token() {
    let database = database().await;
    let (one, two) = (
        lease(&database, Duration::from_mins(1)),
        lease(&database, Duration::from_mins(1)),
    );
    let first = one.take().await.unwrap().unwrap();
    one.release(&first).await.unwrap();
    let second = two.take().await.unwrap().unwrap();
    assert_eq!(second.token(), first.token() + 1);
}

#[tokio::test]
async fn who_was_succeeded_may_not_write() {
    let database = database().await;
    let (one, two) = (
        lease(&database, Duration::from_millis(1)),
        lease(&database, Duration::from_mins(1)),
    );
    let paused = one.take().await.unwrap().unwrap();
    let next = taken(&two).await;

    let mut late = database.db().begin().await.unwrap();
    let refused = paused.check(&mut late).await;
    assert!(matches!(refused, Err(LeaseError::Deposed { .. })), "{refused:?}");
    next.check(&mut late).await.unwrap();
}

#[tokio::test]
async fn nobody_takes_over_in_the_middle_of_a_leader_s_transaction() {
    let database = database().await;
    // Long enough for the transaction, which idles while the other is watched; the lease has run out by decree.
    let (one, two) = (
        lease(&database, Duration::from_mins(1)),
        lease(&database, Duration::from_mins(1)),
    );
    let term = one.take().await.unwrap().unwrap();
    one.release(&term).await.unwrap();
    let mut writing = database.db().begin().await.unwrap();
    term.check(&mut writing).await.unwrap();
    let successor = tokio::spawn(async move { taken(&two).await });
    // Whatever the successor does meanwhile, it has not succeeded before the commit.
    let blocked = "select count(*) from pg_stat_activity
                    where datname = current_database() and wait_event_type = 'Lock'";
    while sqlx::query_scalar::<_, i64>(blocked)
        .fetch_one(database.db().pool())
        .await
        .unwrap()
        == 0
    {
        tokio::task::yield_now().await;
    }
    assert!(!successor.is_finished());
    term.check(&mut writing).await.unwrap();
    writing.commit().await.unwrap();
    assert_eq!(successor.await.unwrap().token(), term.token() + 1);
}

#[tokio::test]
async fn a_leader_extends_its_lease_while_a_transaction_of_its_own_goes_on() {
    let database = database().await;
    let one = lease(&database, Duration::from_mins(1));
    let term = one.take().await.unwrap().unwrap();
    let mut writing = database.db().begin().await.unwrap();
    term.check(&mut writing).await.unwrap();
    // Were the row locked against it, this would wait for the commit below.
    let extended = tokio::time::timeout(Duration::from_secs(5), one.take()).await;
    assert_eq!(extended.unwrap().unwrap(), Some(term));
    term.check(&mut writing).await.unwrap();
    writing.commit().await.unwrap();
}

#[tokio::test]
async fn who_asks_for_a_lease_that_another_has_does_not_lock_it() {
    let database = database().await;
    let (one, two) = (
        lease(&database, Duration::from_mins(1)),
        lease(&database, Duration::from_mins(1)),
    );
    one.take().await.unwrap().unwrap();
    assert_eq!(two.take().await.unwrap(), None);
    let locked: bool = sqlx::query_scalar("select xmax <> 0 from lease.leases")
        .fetch_one(database.db().pool())
        .await
        .unwrap();
    assert!(!locked, "a row that is locked remembers by whom");
}

#[tokio::test]
async fn a_leader_that_hangs_in_a_transaction_is_succeeded_all_the_same() {
    let database = database().await;
    let (one, two) = (
        lease(&database, Duration::from_millis(300)),
        lease(&database, Duration::from_mins(1)),
    );
    let term = one.take().await.unwrap().unwrap();
    let mut writing = database.db().begin().await.unwrap();
    term.check(&mut writing).await.unwrap();
    let limit: String = sqlx::query_scalar("show idle_in_transaction_session_timeout")
        .fetch_one(&mut *writing)
        .await
        .unwrap();
    assert_eq!(limit, "300ms");
    // Nothing happens in it, as when its process is paused: the server ends it, and the lease is free.
    assert_eq!(taken(&two).await.token(), term.token() + 1);
    assert!(writing.commit().await.is_err());
}

#[tokio::test]
async fn of_several_copies_one_works_and_another_goes_on_when_it_stops() {
    let database = database().await;
    // Which copy works now; each one takes its own number away again.
    let working = Arc::new(Mutex::new(BTreeSet::new()));
    let mut copies = BTreeMap::new();
    for copy in 0..3 {
        let stop = CancellationToken::new();
        let working = Arc::clone(&working);
        let campaign = lease(&database, Duration::from_secs(3)).lead(stop.clone(), move |_, end| {
            let working = Arc::clone(&working);
            async move {
                working.lock().unwrap().insert(copy);
                end.cancelled().await;
                working.lock().unwrap().remove(&copy);
            }
        });
        copies.insert(copy, (stop, tokio::spawn(campaign)));
    }
    while !copies.is_empty() {
        let leader = loop {
            let now = working.lock().unwrap().clone();
            assert!(now.len() <= 1, "{now:?} lead at once");
            if let Some(leader) = now.first() {
                break *leader;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        };
        let (stop, campaign) = copies.remove(&leader).unwrap();
        stop.cancel();
        campaign.await.unwrap();
    }
}
