//! The network over HTTP.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::extract::State;
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{Body, Code, Path, Problem, Query};

use crate::behaviour::Behaviour;
use crate::charge::{Entry, Operation, Order, Outcome};
use crate::journal::{Executed, Journal};

/// Entries in one answer at most.
const PAGE: usize = 1_000;

/// How long the network takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Delays {
    /// For every charge.
    pub(crate) latency: Duration,
    /// For `tok_slow`, before it is executed.
    pub(crate) slow: Duration,
    /// For answers that are withheld.
    pub(crate) withhold: Duration,
}

#[derive(Clone)]
pub(crate) struct Network {
    journal: Journal,
    delays: Delays,
    stop: CancellationToken,
    /// Keys that were lost or failed once; the next time they are executed.
    spoiled: Arc<Mutex<HashSet<String>>>,
}

impl Network {
    pub(crate) fn new(journal: Journal, delays: Delays, stop: CancellationToken) -> Self {
        Self {
            journal,
            delays,
            stop,
            spoiled: Arc::default(),
        }
    }

    /// True the first time that a key is to go wrong.
    fn spoils(&self, key: &str) -> bool {
        let Ok(mut spoiled) = self.spoiled.lock() else {
            return false;
        };
        if spoiled.remove(key) {
            return false;
        }
        spoiled.insert(key.to_owned())
    }

    async fn pause(&self, time: Duration) {
        if !time.is_zero() {
            tokio::select! {
                () = self.stop.cancelled() => {}
                () = tokio::time::sleep(time) => {}
            }
        }
    }
}

/// Part of the journal.
#[derive(Debug, Serialize, ToSchema)]
struct Extract {
    /// How many entries there are in all.
    count: usize,
    /// Entries in their order.
    data: Vec<Entry>,
}

/// How much the network did.
#[derive(Debug, Serialize, ToSchema)]
struct Count {
    /// Entries of every kind.
    entries: usize,
    /// Charges that were made: approved sales and authorizations.
    charges: usize,
    /// Captures and sales that were approved: how often money was taken.
    captured: usize,
}

#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Window {
    /// The `sequence` after which to begin.
    after: Option<u64>,
    /// At most this many, up to 1,000.
    limit: Option<usize>,
}

pub(crate) fn routes(network: Network) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(routes!(execute))
        .routes(routes!(by_key))
        .routes(routes!(journal))
        .routes(routes!(count))
        .with_state(network)
}

/// Executes a charge, once per connector key; a repeat is answered with the first outcome.
#[utoipa::path(post, path = "/network/v1/charges", request_body = Order, responses((status = 200, body = Entry)))]
async fn execute(State(network): State<Network>, Body(order): Body<Order>) -> Result<Json<Entry>, Problem> {
    if let Some(problem) = fault(&order) {
        return Err(problem);
    }
    network.pause(network.delays.latency).await;
    let behaviour = Behaviour::of(&order.token);
    match behaviour {
        Behaviour::Slow => network.pause(network.delays.slow).await,
        Behaviour::LoseFirst if network.spoils(&order.connector_key) => {
            network.pause(network.delays.withhold).await;
            return Err(Problem::new(Code::Timeout, "the charge was lost on the way"));
        }
        Behaviour::FailFirst if network.spoils(&order.connector_key) => {
            return Err(Problem::new(
                Code::Internal,
                "the network failed; send it again under its key",
            ));
        }
        _ => {}
    }
    match network.journal.execute(order).await {
        Executed::Fresh(entry) => {
            if behaviour == Behaviour::WithholdAnswer {
                network.pause(network.delays.withhold).await;
            }
            Ok(Json(entry))
        }
        Executed::Repeat(entry) => Ok(Json(entry)),
        Executed::Reused => Err(Problem::new(
            Code::IdempotencyKeyReused,
            "this connector_key stands for another order: take a new one",
        )),
        Executed::Closed => Err(Problem::new(
            Code::Unavailable,
            "the journal can't be written; restart the simulator",
        )
        .retry_after(5)),
    }
}

fn fault(order: &Order) -> Option<Problem> {
    let needs_charge = matches!(order.operation, Operation::Capture | Operation::Void);
    if !(1..=255).contains(&order.connector_key.len()) {
        Some(Problem::field("/connector_key", "give 1 to 255 characters"))
    } else if order.amount_minor < 0 {
        Some(Problem::field("/amount_minor", "give 0 or more"))
    } else if needs_charge != order.charge_id.is_some() {
        let remedy = "name the charge for a capture or a void, and only for these";
        Some(Problem::field("/charge_id", remedy))
    } else {
        None
    }
}

/// What became of a connector key. 404: it was never executed.
#[utoipa::path(
    get,
    path = "/network/v1/charges/by-key/{connector_key}",
    params(("connector_key" = String, Path)),
    responses((status = 200, body = Entry), (status = 404, body = Problem))
)]
async fn by_key(State(network): State<Network>, Path(key): Path<String>) -> Result<Json<Entry>, Problem> {
    network
        .journal
        .read(|ledger| ledger.find(&key).cloned())
        .map(Json)
        .ok_or_else(|| Problem::not_found(format!("charge under the key {key}")))
}

/// The journal, in its order.
#[utoipa::path(get, path = "/network/v1/journal", params(Window), responses((status = 200, body = Extract)))]
async fn journal(State(network): State<Network>, Query(window): Query<Window>) -> Json<Extract> {
    let skip = window
        .after
        .map_or(0, |after| usize::try_from(after).unwrap_or(usize::MAX));
    let limit = window.limit.unwrap_or(PAGE).min(PAGE);
    Json(network.journal.read(|ledger| Extract {
        count: ledger.shown().len(),
        data: ledger.shown().iter().skip(skip).take(limit).cloned().collect(),
    }))
}

/// How much the network did.
#[utoipa::path(get, path = "/network/v1/journal/count", responses((status = 200, body = Count)))]
async fn count(State(network): State<Network>) -> Json<Count> {
    Json(network.journal.read(|ledger| {
        let approved = |wanted: [Operation; 2]| {
            let is_one = |e: &&Entry| e.outcome == Outcome::Approved && wanted.contains(&e.order.operation);
            ledger.shown().iter().filter(is_one).count()
        };
        Count {
            entries: ledger.shown().len(),
            charges: approved([Operation::Authorize, Operation::Sale]),
            captured: approved([Operation::Capture, Operation::Sale]),
        }
    }))
}
