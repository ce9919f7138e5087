//! What the gateway asks.

use axum::Json;
use axum::extract::State;
use contracts::internal::{Authenticated, Credential};
use web::{Body, Problem, ServiceCaller};

use crate::Office;
use crate::ops;

/// Who shows this credential?
#[utoipa::path(
    post, path = "/internal/v1/authenticate", tag = "internal",
    request_body(content = serde_json::Value, description = "kind api_key with key, or kind session with token"),
    responses((status = 200, description = "The caller, or null", body = serde_json::Value))
)]
pub(super) async fn authenticate(
    _: ServiceCaller,
    State(office): State<Office>,
    Body(shown): Body<Credential>,
) -> Result<Json<Authenticated>, Problem> {
    let caller = ops::authenticate::authenticate(&office, &shown).await?;
    Ok(Json(Authenticated { caller }))
}
