//! What people are told: notifications stored and kept.
//!
//! Owns `notifications`. Listens to `payment-failed`, `dispute-changed` and `user-changed`, and publishes nothing.
//!
//! What never happens here: one event makes two notifications, however often it is delivered; a notification is
//! changed, but for having been read.

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
use chassis::{Clock, Context, Database, Parts, Service, StartError};
use contracts::topics;
use postgres::DatabaseSpec;
use sqlx::migrate::Migrator;

use crate::events::{ChangedUsers, Disputes, FailedPayments};

static MIGRATOR: Migrator = sqlx::migrate!();
static MIGRATORS: [&Migrator; 1] = [&MIGRATOR];

/// What handlers work with.
#[derive(Clone)]
struct App {
    outbox: Outbox,
    clock: Arc<dyn Clock>,
}

/// The notification service: port 8086, database notificationdb.
pub fn service() -> Service {
    Service {
        name: "notification",
        port: 8086,
        database: Some(Database {
            spec: DatabaseSpec {
                name: "notificationdb",
                role: "jeongsan_notification",
            },
            migrators: &MIGRATORS,
        }),
        settings: &[],
        start: |context| Box::pin(start(context)),
    }
}

#[allow(clippy::unused_async, reason = "the form that every service's start has")]
async fn start(context: Context) -> Result<Parts, StartError> {
    let payments = FailedPayments(Arc::clone(&context.clock));
    context.consume(topics::PAYMENT_FAILED, Arc::new(payments))?;
    let disputes = Disputes(Arc::clone(&context.clock));
    context.consume(topics::DISPUTE_CHANGED, Arc::new(disputes))?;
    let users = ChangedUsers(Arc::clone(&context.clock));
    context.consume(topics::USER_CHANGED, Arc::new(users))?;
    Ok(Parts {
        routes: api::routes(App {
            outbox: context.outbox()?,
            clock: context.clock,
        }),
    })
}
