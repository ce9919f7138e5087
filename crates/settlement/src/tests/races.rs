//! Rules that only parallel tasks can break.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::ops::settle::settle;
use contracts::topics;
use ids::{PartnerId, WindowId};
use serde_json::json;
use testkit::events::payment_completed;

use super::world::{World, at};

const SETTLED_LINES: &str = "select count(*) from settlement_details d join settlements s using (window_id)";

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn every_line_is_counted_once_while_windows_close_under_it() {
    let world = Arc::new(World::at("2026-03-10T00:00:00Z").await);
    let partners: Vec<PartnerId> = (0..5).map(|_| PartnerId::generate()).collect();
    for partner in &partners {
        world.contract(*partner, "2026-01-01", &json!({})).await;
    }
    let intake = |which: usize| {
        let (world, partners) = (Arc::clone(&world), partners.clone());
        tokio::spawn(async move {
            for round in 0..12 {
                let payments: Vec<_> = partners
                    .iter()
                    .cycle()
                    .take(20)
                    .map(|p| {
                        payment_completed(
                            *p,
                            10_000,
                            at(&format!("2026-03-0{}T01:00:00Z", 1 + (round + which) % 8)),
                        )
                    })
                    .collect();
                world.feed(&payments).await;
            }
        })
    };
    let done = Arc::new(AtomicBool::new(false));
    let closing = || {
        let (world, done) = (Arc::clone(&world), Arc::clone(&done));
        tokio::spawn(async move {
            while !done.load(Ordering::Relaxed) {
                let mut work = world.outbox().begin().await.unwrap();
                let earliest = "select id from windows where state <> 'settled' order by ends_at limit 3";
                let windows: Vec<uuid::Uuid> =
                    sqlx::query_scalar(earliest).fetch_all(work.conn()).await.unwrap();
                let windows: Vec<WindowId> = windows.into_iter().map(WindowId::from_uuid).collect();
                settle(&mut work, &windows, world.now()).await.unwrap();
                work.commit().await.unwrap();
            }
        })
    };
    let (closings, intakes) = ([closing(), closing()], [intake(0), intake(3)]);
    for task in intakes {
        task.await.unwrap();
    }
    done.store(true, Ordering::Relaxed);
    for task in closings {
        task.await.unwrap();
    }
    let settled_before_the_end = world.number(SETTLED_LINES).await;
    // Lines of settled days went into the days after; those end too.
    world.clock.set(at("2026-05-10T00:00:00Z"));
    world.settle().await;
    world.settle().await;

    assert!(settled_before_the_end > 0, "closing and intake were to overlap");
    assert_eq!(world.number("select count(*) from settlement_details").await, 480);
    assert_eq!(world.number(SETTLED_LINES).await, 480);
    assert_eq!(
        world
            .number("select sum(line_count)::bigint from settlements")
            .await,
        480
    );
    assert_eq!(
        world
            .number("select sum(payable_minor)::bigint from settlements")
            .await,
        480 * 8_900
    );
    let differing = "select count(*) from settlements s
                      where earned_minor <> (select sum(net_minor) from settlement_details d
                                              where d.window_id = s.window_id)";
    assert_eq!(
        world.number(differing).await,
        0,
        "a line joined a window after its statement"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_runners_at_once_settle_every_window_once() {
    let world = Arc::new(World::at("2026-03-10T00:00:00Z").await);
    for _ in 0..40 {
        let partner = PartnerId::generate();
        world.contract(partner, "2026-01-01", &json!({})).await;
        let payments: Vec<_> = (1..=5)
            .map(|day| payment_completed(partner, 10_000, at(&format!("2026-03-0{day}T01:00:00Z"))))
            .collect();
        world.feed(&payments).await;
    }
    let runner = || {
        let world = Arc::clone(&world);
        tokio::spawn(async move {
            let requested = world.scheduler().await.tick().await.unwrap();
            world.drain(topics::SETTLEMENT_REQUESTED).await;
            requested
        })
    };
    let (one, two, three) = (runner(), runner(), runner());
    let requested = one.await.unwrap() + two.await.unwrap() + three.await.unwrap();
    assert_eq!(requested, 200);
    assert_eq!(world.number("select count(*) from settlements").await, 200);
    assert_eq!(
        world
            .number("select sum(payable_minor)::bigint from settlements")
            .await,
        200 * 8_900
    );
    let published = "select count(*) from bus.outbox where topic = 'settlement-completed'";
    assert_eq!(world.number(published).await, 200);
}

#[tokio::test]
async fn a_scheduler_that_was_succeeded_requests_nothing() {
    let world = World::at("2026-03-10T00:00:00Z").await;
    let partner = PartnerId::generate();
    world.contract(partner, "2026-01-01", &json!({})).await;
    world.sell(partner, 10_000, "2026-03-05T01:00:00Z").await;
    // As after a pause: it believes that it leads, and another copy does.
    let paused = world.lease.take().await.unwrap().unwrap();
    world.lease.release(&paused).await.unwrap();
    let options = lease::Options::default();
    let other = lease::Lease::new(world.outbox().db().clone(), "scheduler", options);
    let next = other.take().await.unwrap().unwrap();

    let late = world.scheduler_of(paused).tick().await;
    assert!(
        matches!(late, Err(crate::Error::Lease(lease::LeaseError::Deposed { .. }))),
        "{late:?}"
    );
    assert_eq!(world.scheduler_of(next).tick().await.unwrap(), 1);
}
