//! A card network for tests: it executes charges into a durable journal of its own, and misbehaves on order.
//!
//! What never happens here: an answer before its charge is on disk, and a second charge under one connector key.
//! Payments can therefore be checked against the journal after any crash. The service moves no money and needs no
//! caller; a production installation refuses to start it.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `behaviour` | the test tokens |
//! | `charge`, `account`, `dispute` | what is asked and answered, and the rules of one charge and one dispute, pure |
//! | `line`, `ledger` | the lines of the journal, the state that they make, and what may be added to it, pure |
//! | `journal` | the file |
//! | `timers` | what happens by itself |
//! | `event`, `webhooks` | what the payment service is told |
//! | `api` | HTTP |

mod account;
mod api;
mod behaviour;
mod charge;
mod dispute;
mod event;
mod journal;
mod ledger;
mod line;
mod timers;
mod webhooks;

use std::path::Path;
use std::time::Duration;

use chassis::{Context, Key, Kind, Parts, Service, StartError};
use chrono::TimeDelta;

use ledger::Terms;

pub use behaviour::{Behaviour, Manner, TOKENS, Token};
pub use charge::Operation;

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
        "how long it withholds the answers of tok_timeout, tok_capture_timeout and tok_refund_timeout",
    ),
    Key::new(
        "simulator.late_ms",
        Kind::Number,
        "1000",
        "after what time happens what tok_refund_fails_later, tok_expires and tok_disputed order for later",
    ),
    Key::new(
        "simulator.action_ms",
        Kind::Number,
        "900000",
        "how long the buyer may take to decide on a charge of tok_3ds",
    ),
    Key::new(
        "simulator.authorization_ms",
        Kind::Number,
        "604800000",
        "how long an authorization can be captured",
    ),
    Key::new(
        "simulator.public_url",
        Kind::Text,
        "http://127.0.0.1:8090",
        "where a buyer's browser reaches the simulator",
    ),
    Key::new(
        "simulator.webhook_secret",
        Kind::Secret,
        "whsec_c2ltdWxhdG9yLWZvci10ZXN0cy1vbmx5LTAwMDE=",
        "what it signs webhooks to the payment service with: whsec_ and the key in base64",
    ),
];

/// What the network may be told to take for a time. Far below what a date can carry, so that dates never overflow.
const LONGEST: TimeDelta = TimeDelta::days(3_650);

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
    let secret =
        webhooks::Secret::parse(context.settings.text("simulator.webhook_secret")).ok_or_else(|| {
            StartError("simulator.webhook_secret has another form than whsec_ and a key in base64".to_owned())
        })?;
    let path = Path::new(context.settings.text("data_dir")).join("simulator/journal.jsonl");
    let stop = context.tasks.stop_signal();
    let clock = context.clock.clone();
    let (journal, writer) = journal::open(&path, terms(&context)?, clock.clone(), stop.clone())
        .await
        .map_err(|error| StartError::from_error(&error))?;
    context.tasks.spawn("journal", writer);
    let timers = timers::run(journal.clone(), clock.clone(), stop.clone());
    context.tasks.spawn("timers", timers);
    let sender = webhooks::Sender {
        peers: context.peers.clone(),
        clock,
        secret,
    };
    let deliveries = webhooks::run(sender, journal.clone(), stop.clone());
    context.tasks.spawn("webhooks", deliveries);
    let setting = |name| Duration::from_millis(context.settings.number(name));
    let delays = api::Delays {
        latency: setting("simulator.latency_ms"),
        slow: setting("simulator.slow_ms"),
        withhold: setting("simulator.withhold_ms"),
    };
    Ok(Parts {
        routes: api::routes(api::Network::new(journal, delays, stop)),
    })
}

fn terms(context: &Context) -> Result<Terms, StartError> {
    let time = |name: &str| {
        let length = i64::try_from(context.settings.number(name))
            .ok()
            .and_then(TimeDelta::try_milliseconds)
            .filter(|length| *length <= LONGEST);
        length.ok_or_else(|| StartError(format!("{name} is too long: give ten years at most")))
    };
    let public_url = context.settings.text("simulator.public_url");
    Ok(Terms {
        authorization: time("simulator.authorization_ms")?,
        action: time("simulator.action_ms")?,
        late: time("simulator.late_ms")?,
        public_url: public_url.trim_end_matches('/').to_owned(),
    })
}
