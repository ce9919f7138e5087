//! Everything that happened to a payment.

use axum::Json;
use axum::extract::State;
use ids::PaymentId;
use web::{Path, Problem, Reader};

use super::Desk;
use crate::view::TimelineView;

/// Everything that happened to a payment, the oldest first.
///
/// What was asked of it and of its connectors, what was told, disputes, and the settlement lines and journal entries
/// that came of it.
#[utoipa::path(
    get,
    path = "/v1/payments/{id}/timeline",
    tag = "payments",
    params(("id" = PaymentId, Path)),
    responses((status = 200, body = TimelineView), (status = 404, body = Problem))
)]
pub(super) async fn show(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
    Path(id): Path<PaymentId>,
) -> Result<Json<TimelineView>, Problem> {
    Ok(Json(desk.payments.timeline(id).await?.into()))
}
