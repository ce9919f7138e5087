//! What every event log must do, whatever stands between a publisher and its consumers.
//!
//! ```text
//! testkit::event_log_suite!(crate::fixture::open);
//! ```
//!
//! expands to one test for each rule of [`consuming`] and [`dead_letters`], run on the [`Site`] that `open` makes.

pub mod consuming;
pub mod dead_letters;
mod scribe;

use std::fmt::Debug;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use bus::{Consumer, Cursor, EventLog, Handler, Outbox, Progress};
use chrono::DateTime;
use contracts::events::PaymentRequested;
use contracts::{Topic, topics};
use ids::PaymentId;
use tokio::time::{Instant, sleep};

use crate::Database;
pub use scribe::Scribe;

/// What the suite publishes on. The service `payment` publishes it and listens to it.
pub const TOPIC: Topic = topics::PAYMENT_REQUESTED;

/// How long something may take on a starved machine that takes a moment on another.
const PATIENCE: Duration = Duration::from_mins(3);
const LOOK: Duration = Duration::from_millis(10);

/// The service `payment`, which publishes to itself over the log under test.
pub trait Site {
    /// Its database, from [`database`].
    fn outbox(&self) -> Outbox;

    /// The log, as one more copy of the service reads it.
    fn log(&self) -> Arc<dyn EventLog>;

    /// A place of partition 0 that is far behind the end.
    fn behind_the_end(&self) -> Cursor;

    /// A consumer of the service, in one more copy of it.
    fn consumer(&self, handler: &Arc<Scribe>) -> Consumer {
        let handler: Arc<dyn Handler> = Arc::<Scribe>::clone(handler);
        Consumer::new(self.log(), TOPIC, self.outbox(), handler)
    }
}

/// One test for each rule. The argument is the path, from `crate` on, of an async function that makes a [`Site`].
#[macro_export]
macro_rules! event_log_suite {
    ($open:path) => {
        $crate::event_log_suite!($open => consuming:
            what_was_handled_is_not_handled_again,
            an_event_arrives_as_it_was_published,
            events_of_many_writers_are_handled_in_order_and_once,
            copies_of_a_consumer_write_every_effect_once,
            a_new_copy_goes_on_where_the_last_one_stopped,
            what_was_read_and_not_handled_comes_again,
            what_is_published_is_behind_until_it_is_handled,
            a_position_that_the_log_never_gave_out_is_not_taken_for_its_end,
        );
        $crate::event_log_suite!($open => dead_letters:
            a_poisoned_event_is_put_aside_with_its_error_and_the_rest_goes_on,
            a_replayed_letter_takes_those_behind_it_along,
            a_skipped_letter_stays_on_record_and_frees_those_behind_it,
            a_letter_that_is_not_there_is_not_replayed,
        );
    };
    ($open:path => $module:ident: $($rule:ident,)*) => {
        mod $module {
            $(#[tokio::test]
            async fn $rule() {
                let site = $open().await;
                $crate::event_log::$module::$rule(&site).await;
            })*
        }
    };
}

/// A database with the tables of the log and of leases, and one for effects.
///
/// # Panics
/// Where the test server fails.
pub async fn database() -> Database {
    let database = Database::with("log", &[&bus::MIGRATOR, &lease::MIGRATOR]).await;
    let table =
        "create table effects (place bigint generated always as identity, aggregate text, number bigint)";
    let made = sqlx::raw_sql(table).execute(database.db().pool()).await;
    made.expect("a new table");
    database
}

/// Publishes one event of each payment, together.
///
/// # Panics
/// Where the database fails.
pub async fn publish(outbox: &Outbox, payments: &[PaymentId]) {
    let mut work = outbox.begin().await.expect("a transaction");
    for payment in payments {
        work.publish(&PaymentRequested { payment_id: *payment }, DateTime::UNIX_EPOCH)
            .expect("an event is JSON");
    }
    work.commit().await.expect("committed");
}

/// Has a consumer take in everything that was published. Records on their way, and transactions of other tests on the
/// same server, hold some back for a moment, so idle is not yet the end.
///
/// # Panics
/// Where a step fails, and after three minutes.
pub async fn drain(consumer: &Consumer) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if consumer.step().await.expect("a step") != Progress::Idle {
            continue;
        }
        let lag = consumer.lag().await.expect("the lag");
        if lag == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{lag} events did not come");
        sleep(LOOK).await;
    }
}

/// The effects, in the order in which they were written.
///
/// # Panics
/// Where the database fails.
pub async fn effects(outbox: &Outbox) -> Vec<(String, i64)> {
    sqlx::query_as("select aggregate, number from effects order by place")
        .fetch_all(outbox.db().pool())
        .await
        .expect("the effects can be read")
}

/// The numbers of one payment's effects, in the order in which they were written.
///
/// # Panics
/// Where the database fails.
pub async fn effects_of(outbox: &Outbox, payment: PaymentId) -> Vec<i64> {
    let (name, all) = (payment.to_string(), effects(outbox).await);
    let own = all.into_iter().filter(|(aggregate, _)| *aggregate == name);
    own.map(|(_, number)| number).collect()
}

/// Waits until `look` sees what `is_it` wants, and gives it.
///
/// # Panics
/// After three minutes, with what is to be seen instead.
pub async fn eventually<T: Debug, Fut: Future<Output = T>>(
    look: impl Fn() -> Fut,
    is_it: impl Fn(&T) -> bool,
) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let seen = look().await;
        if is_it(&seen) {
            return seen;
        }
        assert!(Instant::now() < deadline, "still {seen:?}");
        sleep(LOOK).await;
    }
}
