//! Rules that need a database.

mod consuming;
mod disputes;
mod guards;
mod periods;
mod posting;
mod refunds;
mod routes;

use std::sync::Arc;

use bus::{Outbox, Record};
use calendar::TimeZone;
use chassis::ManualClock;
use chrono::{DateTime, Utc};
use contracts::events::PaymentCompleted;
use ids::PartnerId;
use testkit::Database;

use crate::domain::{Booked, Fact, Source};
use crate::ops::Bookkeeper;

/// 2026-12-10 09:00 in Seoul.
fn now() -> DateTime<Utc> {
    at("2026-12-10T00:00:00Z")
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

async fn database() -> Database {
    Database::for_service(&crate::service()).await
}

/// A bookkeeper in Seoul whose clock stands at [`now`].
fn bookkeeper() -> Arc<Bookkeeper> {
    Arc::new(Bookkeeper::new(
        TimeZone::default(),
        Arc::new(ManualClock::at(now())),
    ))
}

/// A card payment of 10,000 won to that partner.
fn payment(partner_id: PartnerId, sold_at: DateTime<Utc>) -> PaymentCompleted {
    testkit::events::payment_completed(partner_id, 10_000, sold_at)
}

/// The first event of its aggregate, published at [`now`].
fn record<E: Booked>(event: &E) -> Record {
    testkit::events::record(event, 1, now())
}

/// What the consumer makes of an event that is the first of its aggregate.
fn fact<E: Booked>(event: &E) -> Fact {
    Fact {
        source: Source {
            topic: E::TOPIC.name,
            aggregate: event.aggregate(),
            number: 1,
        },
        happened_at: event.happened_at(now()),
        posting: event.posting().unwrap().unwrap(),
    }
}

/// Posts in a transaction of its own; returns how many entries were written.
async fn post(outbox: &Outbox, bookkeeper: &Bookkeeper, facts: Vec<Fact>) -> usize {
    let mut work = outbox.begin().await.unwrap();
    let written = bookkeeper.post(&mut work, facts).await.unwrap();
    work.commit().await.unwrap();
    written
}

/// Rows of a table.
async fn count(database: &Database, table: &str) -> i64 {
    let sql = format!("select count(*) from {table}");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_one(database.db().pool())
        .await
        .unwrap()
}

/// The ledgers as sums of lines: rows where the two differ.
async fn ledgers_that_differ_from_lines(database: &Database) -> i64 {
    sqlx::query_scalar(
        "select count(*)
           from (select e.book, l.account, l.partner_id, l.currency, e.period,
                        coalesce(sum(l.amount_minor) filter (where l.side = 'debit'), 0) as debit,
                        coalesce(sum(l.amount_minor) filter (where l.side = 'credit'), 0) as credit
                   from journal_lines l join journal_entries e on e.id = l.entry_id
                  group by 1, 2, 3, 4, 5) as lines
           full join ledgers t
             on t.book = lines.book and t.account = lines.account and t.currency = lines.currency
            and t.period = lines.period and t.partner_id is not distinct from lines.partner_id
          where (lines.debit, lines.credit) is distinct from (t.debit_minor, t.credit_minor)",
    )
    .fetch_one(database.db().pool())
    .await
    .unwrap()
}
