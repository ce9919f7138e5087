//! A card network for tests: it executes charges into a durable journal of its own, and misbehaves on order.
//!
//! What never happens here: an answer before its charge is on disk, and a second charge under one connector key.
//! Payments can therefore be checked against the journal after any crash. The service moves no money and needs no
//! caller; a production installation refuses to start it.

mod api;
mod behaviour;
mod charge;
mod journal;
mod ledger;

use std::path::Path;
use std::time::Duration;

use chassis::{Context, Key, Kind, Parts, Service, StartError};

pub use behaviour::{Behaviour, TOKENS};

const SETTINGS: &[Key] = &[
    Key::new(
        "simulator.latency_ms",
        Kind::Number,
        "0",
        "how long the simulated network takes for every charge",
    ),
    Key::new(
        "simulator.slow_ms",
        Kind::Number,
        "2000",
        "how long it takes before it executes a charge of tok_slow",
    ),
    Key::new(
        "simulator.withhold_ms",
        Kind::Number,
        "30000",
        "how long it withholds the answers of tok_timeout",
    ),
];

/// The simulated card network, on port 8090.
pub fn service() -> Service {
    Service {
        name: "simulator",
        port: 8090,
        database: None,
        settings: SETTINGS,
        start: |context| Box::pin(start(context)),
    }
}

async fn start(context: Context) -> Result<Parts, StartError> {
    if context.settings.is_production() {
        return Err(StartError(
            "the simulator takes no real money: leave it out of a production installation".to_owned(),
        ));
    }
    let path = Path::new(context.settings.text("data_dir")).join("simulator/journal.jsonl");
    let (journal, writer) = journal::open(&path, context.clock.clone(), context.tasks.stop_signal())
        .await
        .map_err(|error| StartError::from_error(&error))?;
    context.tasks.spawn("journal", writer);
    let setting = |name| Duration::from_millis(context.settings.number(name));
    Ok(Parts {
        routes: api::routes(api::Network::new(
            journal,
            api::Delays {
                latency: setting("simulator.latency_ms"),
                slow: setting("simulator.slow_ms"),
                withhold: setting("simulator.withhold_ms"),
            },
            context.tasks.stop_signal(),
        )),
    })
}
