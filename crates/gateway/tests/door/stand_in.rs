//! A service that shows what reached it.

use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use axum::{Extension, Json};
use chassis::Parts;
use contracts::Caller;
use http::HeaderMap;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

/// In the place of the payment service.
pub(crate) fn payment() -> chassis::Service {
    chassis::Service {
        name: "payment",
        port: 8082,
        database: None,
        settings: &[],
        start: |_| Box::pin(async { Ok(Parts { routes: routes() }) }),
    }
}

/// In the place of the settlement service; tests listen on its port themselves.
pub(crate) fn settlement() -> chassis::Service {
    chassis::Service {
        name: "settlement",
        port: 8083,
        ..payment()
    }
}

fn routes() -> OpenApiRouter {
    let large = post(length).layer(DefaultBodyLimit::max(8 * 1024 * 1024));
    OpenApiRouter::new()
        .route("/v1/payments", get(seen).post(length))
        .route("/v1/payments/batch", large)
        .route("/v1/payments/never", get(never).post(never))
        .route("/internal/v1/open", get(seen).post(seen))
}

async fn seen(caller: Option<Extension<Caller>>, headers: HeaderMap) -> Json<Value> {
    let headers: serde_json::Map<String, Value> = headers
        .iter()
        .map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap())))
        .collect();
    Json(json!({ "caller": caller.map(|Extension(caller)| caller), "headers": headers }))
}

async fn length(body: axum::body::Bytes) -> Json<Value> {
    Json(json!({ "length": body.len() }))
}

async fn never() {
    std::future::pending::<()>().await;
}
