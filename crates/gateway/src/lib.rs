//! The door: routing, authentication, limits.
//!
//! It knows who calls and which service answers, and nothing of what is asked. What never happens here: a route under
//! `/internal` is reachable; a credential goes further than the user service; a header from outside says who calls,
//! from where, or over what.

mod answer;
mod body;
mod callers;
mod credential;
mod documents;
mod forward;
mod headers;
mod kept;
mod landing;
mod openapi;
mod routes;

use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use chassis::{Context, Key, Kind, Parts, Peers};
use utoipa_axum::router::OpenApiRouter;

use crate::callers::Callers;
use crate::documents::Documents;
use crate::landing::Landing;

/// The gateway.
pub fn service() -> chassis::Service {
    chassis::Service {
        name: "gateway",
        port: 8080,
        database: None,
        settings: SETTINGS,
        start: |context| {
            Box::pin(async move {
                Ok(Parts {
                    routes: routes_of(Arc::new(Gate::new(&context))),
                })
            })
        },
    }
}

const SETTINGS: &[Key] = &[Key::new(
    "gateway.timeout_ms",
    Kind::Number,
    "30000",
    "how long the gateway waits for a service's answer to begin, and then for each next part of it",
)];

/// What every request passes.
struct Gate {
    peers: Peers,
    callers: Callers,
    documents: Documents,
    landing: Landing,
    timeout: Duration,
    /// In bytes, where the route has no limit of its own.
    body_limit: usize,
}

impl Gate {
    fn new(context: &Context) -> Self {
        let (peers, clock) = (context.peers.clone(), Arc::clone(&context.clock));
        Self {
            callers: Callers::new(peers.clone(), Arc::clone(&clock)),
            documents: Documents::new(peers.clone(), Arc::clone(&clock)),
            landing: Landing::new(peers.clone(), clock),
            peers,
            timeout: Duration::from_millis(context.settings.number("gateway.timeout_ms")),
            body_limit: usize::try_from(context.settings.number("http.body_limit")).unwrap_or(usize::MAX),
        }
    }
}

fn routes_of(gate: Arc<Gate>) -> OpenApiRouter {
    OpenApiRouter::new()
        .routes(utoipa_axum::routes!(documents::merged))
        .routes(utoipa_axum::routes!(documents::events))
        .route("/", get(landing::show))
        .route("/docs/api/{service}/openapi.json", get(documents::of_service))
        .merge(OpenApiRouter::from(documents::swagger_ui()))
        .fallback(forward::forward)
        .with_state(gate)
}
