//! The documentation: one OpenAPI document, one for each service, pages to read them, and one of the events.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::{Json, Router};
use chassis::{Clock, PeerError, Peers};
use chrono::TimeDelta;
use futures::future::join_all;
use http::Method;
use serde_json::Value;
use utoipa_swagger_ui::{Config, SwaggerUi, Url};

use crate::answer::Refusal;
use crate::kept::Kept;
use crate::routes::SERVICES;
use crate::{Gate, openapi};

/// How long a service may take to show its document.
const LIMIT: Duration = Duration::from_secs(3);
/// How long the merged document is kept.
const LIFE: TimeDelta = TimeDelta::minutes(1);

/// What can be chosen on the pages: a name and where its document is.
const DOCUMENTS: &[(&str, &str)] = &[
    ("all services", "/openapi.json"),
    ("user", "/docs/api/user/openapi.json"),
    ("partner", "/docs/api/partner/openapi.json"),
    ("payment", "/docs/api/payment/openapi.json"),
    ("settlement", "/docs/api/settlement/openapi.json"),
    ("accounting", "/docs/api/accounting/openapi.json"),
    ("notification", "/docs/api/notification/openapi.json"),
    ("reporting", "/docs/api/reporting/openapi.json"),
];

/// Fetches documents and keeps the merged one.
pub(crate) struct Documents {
    peers: Peers,
    clock: Arc<dyn Clock>,
    merged: Kept<Arc<Value>>,
}

impl Documents {
    /// Nothing is fetched yet.
    pub(crate) fn new(peers: Peers, clock: Arc<dyn Clock>) -> Self {
        Self {
            peers,
            clock,
            merged: Kept::for_at_most(LIFE),
        }
    }

    async fn of(&self, service: &'static str) -> Result<Value, PeerError> {
        self.peers
            .ask::<(), Value>(service, Method::GET, "/openapi.json", None, LIMIT)
            .await
    }

    /// All documents as one. Where a service does not answer, its part is missing and the rest is not kept.
    async fn merged(&self) -> Arc<Value> {
        let now = self.clock.now();
        if let Some(merged) = self.merged.get(now) {
            return merged;
        }
        let answers = join_all(SERVICES.iter().map(|service| self.of(service))).await;
        let whole = answers.iter().all(Result::is_ok);
        let documents: Vec<(&str, Value)> = SERVICES
            .iter()
            .zip(answers)
            .filter_map(|(service, answer)| Some((*service, answer.ok()?)))
            .collect();
        let merged = Arc::new(openapi::merge(&documents));
        if whole {
            self.merged.put(now, Arc::clone(&merged));
        }
        merged
    }
}

/// Shows the OpenAPI document of the whole platform.
#[utoipa::path(
    get, path = "/openapi.json", tag = "documentation", security(()),
    responses((status = 200, description = "The addresses of all services", body = Value))
)]
pub(crate) async fn merged(State(gate): State<Arc<Gate>>) -> Response {
    Json(&*gate.documents.merged().await).into_response()
}

/// Shows the AsyncAPI document of the events.
#[utoipa::path(
    get, path = "/asyncapi.json", tag = "documentation", security(()),
    responses((status = 200, description = "The topics of all services", body = Value))
)]
pub(crate) async fn events() -> Json<Value> {
    Json(contracts::asyncapi())
}

/// Shows the OpenAPI document of one service, as far as the gateway routes it.
pub(crate) async fn of_service(
    State(gate): State<Arc<Gate>>,
    Path(name): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let service = SERVICES.iter().find(|s| **s == name).ok_or(Refusal::NoRoute)?;
    let document = gate.documents.of(service).await?;
    Ok(Json(openapi::merge(&[(service, document)])))
}

/// The pages under `/docs`, with everything they need in the binary.
pub(crate) fn swagger_ui() -> Router<Arc<Gate>> {
    let urls = DOCUMENTS
        .iter()
        .enumerate()
        .map(|(place, (name, address))| Url::with_primary(name, address, place == 0));
    SwaggerUi::new("/docs")
        .config(
            Config::new(urls)
                .persist_authorization(true)
                .validator_url("none"),
        )
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_its_document_on_the_pages() {
        let names: Vec<_> = DOCUMENTS.iter().skip(1).map(|(name, _)| *name).collect();
        assert_eq!(names, SERVICES);
        for (name, address) in DOCUMENTS.iter().skip(1) {
            assert_eq!(*address, format!("/docs/api/{name}/openapi.json"));
        }
    }
}
