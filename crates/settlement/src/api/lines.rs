//! Priced lines of a payment.

use axum::Json;
use axum::extract::State;
use ids::PaymentId;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Problem, Query, Reader};

use super::Api;
use crate::ops::read;
use crate::store::details::Detail;

/// Which lines.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct LinesQuery {
    /// Of this payment.
    payment_id: PaymentId,
}

/// The priced lines of a payment.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Lines {
    /// By line number; lines that still wait for a contract are at /v1/waiting-lines.
    data: Vec<Detail>,
}

/// Lists the priced lines of a payment.
#[utoipa::path(
    get,
    path = "/v1/settlement-lines",
    tag = "settlements",
    params(LinesQuery),
    responses((status = 200, body = Lines, description = "The lines, with every step of their price."))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    _: Reader,
    Query(query): Query<LinesQuery>,
) -> Result<Json<Lines>, Problem> {
    let data = read::lines_of_payment(&api.outbox, query.payment_id).await?;
    Ok(Json(Lines { data }))
}
