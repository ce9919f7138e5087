//! Payments: made, read, listed.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use ids::{PartnerId, PaymentId};
use once::KeyedRequest;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use web::{Body, IdempotencyKey, Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use super::request::{PaymentRequest, parse};
use super::{Desk, respond};
use crate::domain::PaymentStatus;
use crate::ops::{Filter, Incoming};
use crate::view::PaymentView;

/// Makes a payment.
///
/// 201 with the payment once its outcome is known: `completed`, `authorized`, or `failed` with a `failure`. 202 while
/// it is not: `processing` where the connector did not answer in time, `requested` where the caller asked for that by
/// `Prefer: respond-async`.
#[utoipa::path(
    post,
    path = "/v1/payments",
    tag = "payments",
    params(
        ("Idempotency-Key" = String, Header, description = "new for every payment, the same for every repeat"),
        ("Prefer" = Option<String>, Header, description = "`respond-async`: answer at once, work later")
    ),
    request_body = PaymentRequest,
    responses(
        (status = 201, body = PaymentView), (status = 202, body = PaymentView), (status = 400, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem), (status = 503, body = Problem)
    )
)]
pub(super) async fn create(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    headers: HeaderMap,
    Body(body): Body<Value>,
) -> Result<Response, Problem> {
    let order = parse(&body, desk.clock.now(), desk.live).map_err(Problem::fields)?;
    let incoming = Incoming {
        key: KeyedRequest::new(&caller, "POST /v1/payments", &key, &body),
        caller,
        order,
        trace: telemetry::current_trace(),
    };
    let is_async = headers
        .get_all("prefer")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
        .any(|preference| preference.trim().eq_ignore_ascii_case("respond-async"));
    Ok(respond(desk.payments.make(incoming, is_async).await?))
}

/// The payment of that id.
#[utoipa::path(
    get,
    path = "/v1/payments/{id}",
    tag = "payments",
    params(("id" = PaymentId, Path)),
    responses((status = 200, body = PaymentView), (status = 404, body = Problem))
)]
pub(super) async fn read(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
    Path(id): Path<PaymentId>,
) -> Result<Json<PaymentView>, Problem> {
    let payment = desk.payments.one(id).await?;
    Ok(Json(PaymentView::from(&payment)))
}

/// What a list may be narrowed to.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only those in this status.
    status: Option<PaymentStatus>,
    /// Only those with this order reference.
    order_reference: Option<String>,
    /// Only those with a line of this partner.
    partner_id: Option<PartnerId>,
}

/// Payments, newest first.
#[utoipa::path(
    get,
    path = "/v1/payments",
    tag = "payments",
    params(ListParams),
    responses((status = 200, body = Page<PaymentView>), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    Reader(_caller): Reader,
    Query(params): Query<ListParams>,
) -> Result<Json<Page<PaymentView>>, Problem> {
    let place = PageParams {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = place.limit()?;
    let (before, filter) = place.start(Filter {
        status: params.status,
        order_reference: params.order_reference,
        partner_id: params.partner_id,
    })?;
    let found = desk.payments.list(&filter, before, i64::from(limit) + 1).await?;
    Ok(Json(page(
        found,
        limit,
        filter,
        |payment| payment.id.as_uuid(),
        |payment| PaymentView::from(&payment),
    )))
}
