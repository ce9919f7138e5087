//! Payments: accepted once, captured, let go, given back, and recorded from elsewhere.
//!
//! This service owns what buyers owe and how they pay it. What never happens here: a second charge for one request,
//! whatever is repeated, lost or killed on the way; a call to a connector inside a transaction; an outcome that is
//! assumed. An operation whose outcome is not known stays open until its connector has said what became of it.

mod api;
mod connectors;
mod domain;
mod error;
mod events;
mod ops;
mod partner_service;
mod store;
mod view;
mod worker;

use std::sync::Arc;

use chassis::{Context, Database, Key, Kind, Parts, Service, StartError};
use contracts::events::{ContractChanged, PartnerChanged, PaymentRequested};
use contracts::topics;
use postgres::DatabaseSpec;

use api::Desk;
use events::Listener;
use ops::Payments;

/// The tables of this service.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

static MIGRATORS: &[&sqlx::migrate::Migrator] = &[&once::MIGRATOR, &MIGRATOR];

const SETTINGS: &[Key] = &[
    Key::new(
        "payment.connector_timeout_ms",
        Kind::Number,
        "5000",
        "how long a connector is waited for before the outcome counts as unknown",
    ),
    Key::new(
        "payment.simulator_webhook_secrets",
        Kind::Secret,
        "whsec_c2ltdWxhdG9yLWZvci10ZXN0cy1vbmx5LTAwMDE=",
        "with which the simulated network signs webhooks, several with commas between while they are exchanged",
    ),
    Key::new(
        "payment.stripe_secret_key",
        Kind::Secret,
        "",
        "the secret key of an account at Stripe (sk_... or rk_...); without it nothing is charged there",
    ),
    Key::new(
        "payment.stripe_webhook_secrets",
        Kind::Secret,
        "",
        "with which Stripe signs webhooks (whsec_...), several with commas between while they are exchanged",
    ),
    Key::new(
        "payment.stripe_url",
        Kind::Text,
        "https://api.stripe.com",
        "where Stripe is reached; http for 127.0.0.1 only",
    ),
    Key::new(
        "payment.stripe_files_url",
        Kind::Text,
        "https://files.stripe.com",
        "where Stripe takes files of evidence; http for 127.0.0.1 only",
    ),
    Key::new(
        "payment.key_retention_hours",
        Kind::Number,
        "168",
        "how long an idempotency key is remembered",
    ),
];

/// The payment service, on port 8082.
pub fn service() -> Service {
    Service {
        name: "payment",
        port: 8082,
        database: Some(Database {
            spec: DatabaseSpec {
                name: "paymentdb",
                role: "jeongsan_payment",
            },
            migrators: MIGRATORS,
        }),
        settings: SETTINGS,
        start: |context| Box::pin(start(context)),
    }
}

#[allow(clippy::unused_async, reason = "every service starts asynchronously")]
async fn start(context: Context) -> Result<Parts, StartError> {
    let (payments, queues) = Payments::new(&context)?;
    let stop = context.tasks.stop_signal();
    let tasks = &context.tasks;
    tasks.spawn("groups", payments.clone().work_together(queues, stop.clone()));
    tasks.spawn("resolver", worker::resolve(payments.clone(), stop.clone()));
    tasks.spawn("follower", worker::follow(payments.clone(), stop.clone()));
    tasks.spawn("evidence", worker::hand_over(payments.clone(), stop.clone()));
    tasks.spawn("expirer", worker::expire(payments.clone(), stop.clone()));
    tasks.spawn(
        "connector health",
        worker::measure(payments.clone(), stop.clone()),
    );
    tasks.spawn("key purge", worker::purge(payments.clone(), stop));
    context.consume(
        topics::PARTNER_CHANGED,
        Arc::new(Listener::<PartnerChanged>::new(payments.clone())),
    )?;
    context.consume(
        topics::CONTRACT_CHANGED,
        Arc::new(Listener::<ContractChanged>::new(payments.clone())),
    )?;
    context.consume(
        topics::PAYMENT_REQUESTED,
        Arc::new(Listener::<PaymentRequested>::new(payments.clone())),
    )?;
    Ok(Parts {
        routes: api::routes(Desk {
            payments,
            clock: Arc::clone(&context.clock),
            live: connectors::Live::of(&context.settings),
        }),
    })
}
