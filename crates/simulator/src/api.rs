//! The network over HTTP: one file a resource.

mod actions;
mod charges;
mod disputes;
mod journal;
mod page;

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use tokio_util::sync::CancellationToken;
use utoipa_axum::router::OpenApiRouter;
use web::{Code, Problem};

use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::line::Step;

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

    /// Has a rule's lines written, and gives its answer when they are.
    async fn write<T: Send + 'static>(
        &self,
        rule: impl FnOnce(&Ledger, DateTime<Utc>) -> Step<T> + Send + 'static,
    ) -> Result<T, Problem> {
        let closed = "the journal can't be written; restart the simulator";
        let written = self.journal.write(rule).await;
        written.map_err(|_| Problem::new(Code::Unavailable, closed).retry_after(5))
    }
}

pub(crate) fn routes(network: Network) -> OpenApiRouter {
    OpenApiRouter::new()
        .merge(charges::routes())
        .merge(actions::routes())
        .merge(disputes::routes())
        .merge(journal::routes())
        // A network goes on with a charge when whoever sent it has hung up.
        .layer(axum::middleware::from_fn(web::detach))
        .with_state(network)
}

fn json<T: serde::Serialize>(value: T) -> Response {
    Json(value).into_response()
}

/// A text of 1 to 255 bytes, or what is wrong with it.
fn short(pointer: &str, text: &str) -> Option<Problem> {
    let is_short = (1..=255).contains(&text.len());
    (!is_short).then(|| Problem::field(pointer, "give 1 to 255 characters"))
}
