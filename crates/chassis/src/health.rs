//! What a service says of itself: alive, ready, measured, documented.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::{StatusCode, header};
use postgres::Db;
use serde_json::json;
use telemetry::MetricsHandle;
use utoipa::openapi::OpenApi;

#[derive(Clone)]
pub(crate) struct Health {
    pub(crate) service: &'static str,
    pub(crate) db: Option<Db>,
    pub(crate) open: Arc<AtomicBool>,
    pub(crate) metrics: MetricsHandle,
    pub(crate) api: Arc<OpenApi>,
}

/// Where a service shows its documentation.
const OPENAPI: &str = "/openapi.json";

/// The routes that need no caller: probes and scrapers have none. A service that documents an `/openapi.json` of its
/// own shows that one.
pub(crate) fn routes(health: Health) -> Router {
    let router = Router::new()
        .route("/healthz", get(alive))
        .route("/readyz", get(ready))
        .route("/metrics", get(metrics));
    let router = if health.api.paths.paths.contains_key(OPENAPI) {
        router
    } else {
        router.route(OPENAPI, get(openapi))
    };
    router.with_state(health)
}

async fn alive(State(health): State<Health>) -> Response {
    Json(json!({ "service": health.service, "status": "alive" })).into_response()
}

/// Ready means: started, not stopping, and the database answers.
async fn ready(State(health): State<Health>) -> Response {
    let open = health.open.load(Ordering::Relaxed);
    let database = match &health.db {
        Some(db) => Some(db.is_up().await),
        None => None,
    };
    let is_ready = open && database != Some(false);
    let status = if is_ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    let body =
        json!({ "service": health.service, "ready": is_ready, "accepting": open, "database": database });
    (status, Json(body)).into_response()
}

async fn metrics(State(health): State<Health>) -> Response {
    (
        [(header::CONTENT_TYPE, "text/plain; version=0.0.4")],
        health.metrics.render(),
    )
        .into_response()
}

async fn openapi(State(health): State<Health>) -> Response {
    Json(&*health.api).into_response()
}
