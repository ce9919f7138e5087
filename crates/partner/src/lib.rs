//! Partners and the contracts that say what they are paid.
//!
//! Owns `partners`, `contracts`, `contract_versions` and `commissions`, and tells the others by `partner-changed`
//! and `contract-changed`.
//!
//! What never happens here: a version of a contract changes (the database refuses it); two contracts of one partner
//! stand in one currency; a sale is priced (settlement does that, by the versions that it was told of).

mod api;
mod domain;
mod error;
mod ops;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use bus::Outbox;
use chassis::{Clock, Context, Database, Parts, Service, StartError};
use postgres::DatabaseSpec;
use sqlx::migrate::Migrator;

static MIGRATOR: Migrator = sqlx::migrate!();
static MIGRATORS: [&Migrator; 2] = [&once::MIGRATOR, &MIGRATOR];

/// What handlers work with.
#[derive(Clone)]
struct App {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
}

/// The partner service: port 8084, database partnerdb.
pub fn service() -> Service {
    Service {
        name: "partner",
        port: 8084,
        database: Some(Database {
            spec: DatabaseSpec {
                name: "partnerdb",
                role: "jeongsan_partner",
            },
            migrators: &MIGRATORS,
        }),
        settings: &[],
        start: |context| Box::pin(start(context)),
    }
}

#[allow(clippy::unused_async, reason = "the form that every service's start has")]
async fn start(context: Context) -> Result<Parts, StartError> {
    let app = App {
        outbox: context.outbox()?,
        clock: context.clock,
    };
    Ok(Parts {
        routes: api::routes(app),
    })
}
