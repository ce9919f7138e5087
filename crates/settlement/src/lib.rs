//! What every partner is owed: priced lines, windows, statements.
//!
//! Owns: the price of every line (`settlement_details`), which lines take others back (`reversals`), which
//! are of disputes (`disputed_lines`), the windows that count them, the statements of the windows (`settlements`), when the next ones are due (`settlement_schedules`), and
//! what is left over between statements. Knows from events: partners, and every version of every contract.
//!
//! What never happens here: a priced line or a statement changes; a line is counted by two statements or by none; a
//! line is priced by another contract version than the one in force at its sale; a reversal is priced by anything but
//! its original; a window is settled twice; closing a window loses a line that comes in at the same time.

mod api;
mod domain;
mod error;
mod events;
mod ops;
mod store;
#[cfg(test)]
mod tests;
mod worker;

use std::sync::Arc;
use std::time::Duration;

use bus::Handler;
use chassis::{Context, Key, Kind, Parts, StartError};
use contracts::topics;
use postgres::DatabaseSpec;

pub use error::Error;

/// The tables of this service.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!();

static MIGRATORS: [&sqlx::migrate::Migrator; 2] = [&once::MIGRATOR, &MIGRATOR];

const SETTINGS: &[Key] = &[
    Key::new(
        "settlement.scheduler",
        Kind::Flag,
        "true",
        "whether windows are settled when they have ended; false: only by POST /v1/settlements",
    ),
    Key::new(
        "settlement.interval_ms",
        Kind::Number,
        "1000",
        "how often the scheduler looks for windows that have ended and lines that can be priced now",
    ),
];

/// The settlement service.
pub fn service() -> chassis::Service {
    chassis::Service {
        name: "settlement",
        port: 8083,
        database: Some(chassis::Database {
            spec: DatabaseSpec {
                name: "settlementdb",
                role: "jeongsan_settlement",
            },
            migrators: &MIGRATORS,
        }),
        settings: SETTINGS,
        start: |context| Box::pin(std::future::ready(start(&context))),
    }
}

fn start(context: &Context) -> Result<Parts, StartError> {
    let outbox = context.outbox()?;
    let clock = Arc::clone(&context.clock);
    let handler: Arc<dyn Handler> = Arc::new(events::Events::new(Arc::clone(&clock)));
    let intake_topics = [
        topics::PARTNER_CHANGED,
        topics::CONTRACT_CHANGED,
        topics::PAYMENT_COMPLETED,
        topics::PAYMENT_REFUNDED,
        topics::DISPUTE_CHANGED,
    ];
    for topic in intake_topics.into_iter().chain([topics::SETTLEMENT_REQUESTED]) {
        context.consume(topic, Arc::clone(&handler))?;
    }
    let consumers = intake_topics
        .into_iter()
        .map(|topic| context.consumer(topic, Arc::clone(&handler)))
        .collect::<Result<Arc<[_]>, _>>()?;
    let intake = worker::Intake { consumers };

    let interval = Duration::from_millis(context.settings.number("settlement.interval_ms").max(10));
    let tasks = &context.tasks;
    if context.settings.flag("settlement.scheduler") {
        let (outbox, clock, intake) = (outbox.clone(), Arc::clone(&clock), intake.clone());
        context.lead("scheduler", move |term, stop| {
            let (outbox, clock, intake) = (outbox.clone(), Arc::clone(&clock), intake.clone());
            worker::Scheduler::new(outbox, clock, intake, term).run(interval, stop)
        })?;
    }
    tasks.spawn(
        "waiting-lines",
        worker::price_waiting_lines(outbox.clone(), Arc::clone(&clock), interval, tasks.stop_signal()),
    );
    tasks.spawn(
        "measure",
        worker::measure(
            outbox.clone(),
            Arc::clone(&clock),
            intake.clone(),
            tasks.stop_signal(),
        ),
    );
    Ok(Parts {
        routes: api::routes(api::Api {
            outbox,
            clock,
            intake,
        }),
    })
}
