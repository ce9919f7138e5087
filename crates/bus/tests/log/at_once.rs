use std::collections::BTreeSet;
use std::time::Duration;

use bus::{BusError, Cursor, FirstEvent, Outbox, OutboxLog, Statement};
use contracts::events::PaymentRequested;
use contracts::topics;
use ids::PaymentId;
use sqlx::{Connection as _, PgConnection};
use telemetry::TraceContext;
use testkit::event_log::{TOPIC, database};

/// Writes a row for each event, and publishes.
struct Effects<'a> {
    events: &'a [FirstEvent],
    number: i64,
}

impl Statement for Effects<'_> {
    type Output = i64;

    fn topics(&self) -> BTreeSet<&'static str> {
        self.events.iter().map(|event| event.topic).collect()
    }

    async fn run(self, conn: &mut PgConnection) -> Result<i64, sqlx::Error> {
        let column = |of: fn(&FirstEvent) -> &str| self.events.iter().map(of).collect::<Vec<_>>();
        sqlx::query_scalar(
            "with written as (insert into effects (aggregate, number) select a, $5 from unnest($2) as a),
                  told as (insert into bus.outbox (topic, aggregate, number, payload, trace_parent, occurred_at)
                           select t, a, 1, e::jsonb, p, now() from unnest($1, $2, $3, $4) as f (t, a, e, p)
                           returning 1)
             select count(*) from told",
        )
        .bind(column(|event| event.topic))
        .bind(column(|event| &event.aggregate))
        .bind(column(|event| &event.payload))
        .bind(column(|event| &event.trace_parent))
        .bind(self.number)
        .fetch_one(conn)
        .await
    }
}

fn events(payments: &[PaymentId]) -> Result<Vec<FirstEvent>, BusError> {
    let told = |payment_id: &PaymentId| {
        let event = PaymentRequested {
            payment_id: *payment_id,
        };
        FirstEvent::of(&event, TraceContext::root())
    };
    payments.iter().map(told).collect()
}

async fn write(outbox: &Outbox, payments: &[PaymentId], number: i64) -> Result<i64, sqlx::Error> {
    let events = events(payments).unwrap();
    let effects = Effects {
        events: &events,
        number,
    };
    outbox.at_once().run(effects).await
}

async fn effects(outbox: &Outbox) -> i64 {
    sqlx::query_scalar("select count(*) from effects")
        .fetch_one(outbox.db().pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn state_and_events_of_one_statement_are_there_together_or_not_at_all() {
    let database = database().await;
    let outbox = database.outbox();
    let log = OutboxLog::new(outbox.clone());
    let (one, two) = (PaymentId::generate(), PaymentId::generate());
    assert_eq!(write(&outbox, &[one, two], 1).await.unwrap(), 2);
    // An aggregate that has events is not a new one: its second first event is refused, and all that comes with it.
    let three = PaymentId::generate();
    let refused = write(&outbox, &[three, one], 2).await.unwrap_err();
    assert_eq!(postgres::violated_constraint(&refused), Some("outbox_numbered"));
    assert_eq!(effects(&outbox).await, 2);
    assert_eq!(log.count_after(TOPIC, &Cursor::start()).await.unwrap(), 2);
}

#[tokio::test]
async fn what_was_begun_by_somebody_else_does_not_take_a_statement_along() {
    let database = database().await;
    let outbox = database.outbox();
    for _ in 0..20 {
        // Each leaves its connection with a transaction that nobody ends.
        let mut conn = outbox.db().pool().acquire().await.unwrap();
        sqlx::raw_sql("begin").execute(&mut *conn).await.unwrap();
        drop(conn);
        write(&outbox, &[PaymentId::generate()], 1).await.unwrap();
    }
    // Whatever is not committed is not seen by another session.
    let mut other = PgConnection::connect(database.url()).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from effects")
        .fetch_one(&mut other)
        .await
        .unwrap();
    assert_eq!(seen, 20);
}

#[tokio::test]
async fn who_reads_a_topic_is_woken_by_it_and_by_no_other() {
    let database = database().await;
    let outbox = database.outbox();
    let log = OutboxLog::new(outbox.clone());
    for (topic, is_woken) in [(TOPIC, true), (topics::PAYMENT_COMPLETED, false)] {
        let publishing = async {
            // The reader listens first.
            tokio::task::yield_now().await;
            write(&outbox, &[PaymentId::generate()], 1).await.unwrap();
        };
        let heard = log.changed(topic, Duration::from_secs(if is_woken { 60 } else { 1 }));
        assert_eq!(tokio::join!(heard, publishing).0, is_woken, "{topic}");
    }
}
