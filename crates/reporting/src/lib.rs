//! What the numbers say: daily summaries made from the books' entries.
//!
//! Owns `daily_totals`, `partner_totals` and `seen_entries`. Listens to `accounting-entry`, and publishes nothing.
//!
//! What never happens here: an entry is counted twice; two currencies or two sets of books are added; a sum is
//! taken over single entries when somebody asks (what is asked for was added up when the entries came in).

mod api;
mod domain;
mod error;
mod events;
mod ops;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bus::Outbox;
use chassis::{Context, Database, Parts, Service, StartError};
use contracts::topics;
use postgres::DatabaseSpec;
use sqlx::migrate::Migrator;

static MIGRATOR: Migrator = sqlx::migrate!();
static MIGRATORS: [&Migrator; 1] = [&MIGRATOR];

/// What handlers work with.
#[derive(Clone)]
struct App {
    outbox: Outbox,
}

/// The reporting service: port 8087, database reportingdb.
pub fn service() -> Service {
    Service {
        name: "reporting",
        port: 8087,
        database: Some(Database {
            spec: DatabaseSpec {
                name: "reportingdb",
                role: "jeongsan_reporting",
            },
            migrators: &MIGRATORS,
        }),
        settings: &[],
        start: |context| Box::pin(start(context)),
    }
}

#[allow(clippy::unused_async, reason = "the form that every service's start has")]
async fn start(context: Context) -> Result<Parts, StartError> {
    context.consume(topics::ACCOUNTING_ENTRY, Arc::new(events::PostedEntries))?;
    Ok(Parts {
        routes: api::routes(App {
            outbox: context.outbox()?,
        }),
    })
}
