//! Statements (정산 정보), their lines (정산 상세), and asking for settlement by hand.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use http::{HeaderName, HeaderValue, StatusCode, header};
use ids::{PartnerId, SettlementId};
use money::Currency;
use once::{Answer, KeyedRequest};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Body, Code, IdempotencyKey, Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use super::Api;
use crate::ops::read;
use crate::ops::request_settlements::{ByHand, request_by_hand};
use crate::store::details::Detail;
use crate::store::settlements::{Filter, Settlement};
use crate::store::windows::Ended;

/// Which windows are to be settled: all that have ended, or fewer.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RequestSettlements {
    /// Only windows whose last day is this one or an earlier one.
    #[serde(default)]
    up_to: Option<NaiveDate>,
    /// Only this partner's.
    #[serde(default)]
    partner_id: Option<PartnerId>,
}

/// How many windows will be settled.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Requested {
    /// Windows that had ended and were not requested before.
    requested: usize,
}

/// Requests the settlement of windows that have ended.
#[utoipa::path(
    post,
    path = "/v1/settlements",
    tag = "settlements",
    params(("Idempotency-Key" = String, Header, description = "New for every new request, the same for every repeat.")),
    request_body = RequestSettlements,
    responses(
        (status = 202, body = Requested, description = "The windows are to be settled; watch /v1/settlement-status."),
        (status = 409, body = Problem, description = "A hold lasts; the detail names it."),
    )
)]
pub(crate) async fn request(
    State(api): State<Api>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Body(body): Body<RequestSettlements>,
) -> Result<Response, Problem> {
    let value = serde_json::to_value(&body).map_err(|e| Problem::internal(&e))?;
    let keyed = KeyedRequest::new(&caller, "POST /v1/settlements", &key, &value);
    let wanted = Ended {
        partner_id: body.partner_id,
        up_to: body.up_to,
        limit: None,
    };
    let answer = |requested| Answer {
        status: StatusCode::ACCEPTED.as_u16(),
        body: serde_json::to_vec(&Requested { requested }).unwrap_or_default(),
        subject: None,
    };
    let now = api.clock.now();
    match request_by_hand(&api.outbox, &keyed, &wanted, &caller.id, now, answer).await? {
        ByHand::Answered(answer, repeat) => Ok(respond(answer, repeat)),
        ByHand::Running => Err(Problem::new(
            Code::RequestInProgress,
            "the first request with this key is not answered yet; send it again in a moment",
        )
        .retry_after(1)),
        ByHand::KeyReused => Err(Problem::new(
            Code::IdempotencyKeyReused,
            "this key stands for another body; use a new key for a new request",
        )),
    }
}

fn respond(answer: Answer, repeat: bool) -> Response {
    let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, [(header::CONTENT_TYPE, "application/json")], answer.body).into_response();
    if repeat {
        response.headers_mut().insert(
            HeaderName::from_static("idempotent-replayed"),
            HeaderValue::from_static("true"),
        );
    }
    response
}

/// Which statements.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(crate) struct ListQuery {
    /// How many, 1 to 100; 20 if left out.
    #[param(minimum = 1, maximum = 100)]
    limit: Option<u16>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
    /// Only this partner's.
    partner_id: Option<PartnerId>,
    /// Only in this currency.
    currency: Option<Currency>,
    /// Only of windows that end on this day or later.
    ends_on_from: Option<NaiveDate>,
    /// Only of windows that end on this day or earlier.
    ends_on_to: Option<NaiveDate>,
}

/// Lists statements, newest first.
#[utoipa::path(
    get,
    path = "/v1/settlements",
    tag = "settlements",
    params(ListQuery),
    responses((status = 200, body = Page<Settlement>, description = "A page of statements."))
)]
pub(crate) async fn list(
    State(api): State<Api>,
    _: Reader,
    Query(query): Query<ListQuery>,
) -> Result<Json<Page<Settlement>>, Problem> {
    let params = PageParams {
        limit: query.limit,
        cursor: query.cursor,
    };
    let limit = params.limit()?;
    let (last, filter) = params.start(Filter {
        partner_id: query.partner_id,
        currency: query.currency.map(|currency| currency.as_str().to_owned()),
        ends_on_from: query.ends_on_from,
        ends_on_to: query.ends_on_to,
    })?;
    let rows = read::settlements(&api.outbox, &filter, last, i64::from(limit) + 1).await?;
    Ok(Json(page(rows, limit, filter, |row| row.id, |row| row)))
}

/// Shows a statement.
#[utoipa::path(
    get,
    path = "/v1/settlements/{settlement_id}",
    tag = "settlements",
    params(("settlement_id" = SettlementId, Path)),
    responses(
        (status = 200, body = Settlement, description = "The statement."),
        (status = 404, body = Problem, description = "There is no such statement."),
    )
)]
pub(crate) async fn get(
    State(api): State<Api>,
    _: Reader,
    Path(id): Path<SettlementId>,
) -> Result<Json<Settlement>, Problem> {
    Ok(Json(read::settlement(&api.outbox, id).await?))
}

/// Lists the lines of a statement, newest first, with every step of their price.
#[utoipa::path(
    get,
    path = "/v1/settlements/{settlement_id}/details",
    tag = "settlements",
    params(("settlement_id" = SettlementId, Path), PageParams),
    responses(
        (status = 200, body = Page<Detail>, description = "A page of lines."),
        (status = 404, body = Problem, description = "There is no such statement."),
    )
)]
pub(crate) async fn details(
    State(api): State<Api>,
    _: Reader,
    Path(id): Path<SettlementId>,
    Query(params): Query<PageParams>,
) -> Result<Json<Page<Detail>>, Problem> {
    let limit = params.limit()?;
    // The cursor carries the statement: of another one it would show another one's lines.
    let (last, of) = params.start(id)?;
    if of != id {
        return Err(Problem::field(
            "cursor",
            "send next_cursor of a page of this statement",
        ));
    }
    let rows = read::details(&api.outbox, id, last, i64::from(limit) + 1).await?;
    Ok(Json(page(rows, limit, id, |row| row.id, |row| row)))
}
