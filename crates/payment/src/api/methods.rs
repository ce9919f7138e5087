//! Payment methods: added, read, listed, made the default, detached.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use contracts::events::TenderKind;
use ids::PaymentMethodId;
use once::KeyedRequest;
use serde::Deserialize;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use web::{Body, FieldError, IdempotencyKey, Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use super::check::Check;
use super::request::read as read_fields;
use super::terms;
use super::{Desk, respond};
use crate::connectors::{Live, takes};
use crate::domain::method::{end_of_month, is_over};
use crate::domain::{ConnectorName, Details, NewMethod, Token};
use crate::ops::MethodFilter;
use crate::view::PaymentMethodView;

const HOLDER: usize = 64;
const BRAND: usize = 32;

/// A means of payment that is to be stored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct PaymentMethodRequest {
    /// Who knows the token.
    connector: ConnectorName,
    /// Card, voucher or points.
    kind: TenderKind,
    /// The connector's token of the buyer's card. Never a card number. No answer shows it.
    #[schema(value_type = String, min_length = 1, max_length = 255)]
    token: Token,
    /// The caller's own name for the buyer, 1 to 64 characters.
    #[schema(min_length = 1, max_length = 64)]
    holder_reference: String,
    /// For example `visa`, 1 to 32 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 32)]
    brand: Option<String>,
    /// The last four digits of its number.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{4}$")]
    last_four: Option<String>,
    /// The month in which it can be used last, as `2030-12`.
    #[serde(default)]
    #[schema(pattern = "^[0-9]{4}-[0-9]{2}$")]
    expires_on: Option<String>,
}

/// Reads a payment method; the faults name every field that is wrong.
pub(super) fn parse(body: &Value, now: DateTime<Utc>, live: Live) -> Result<NewMethod, Vec<FieldError>> {
    let request: PaymentMethodRequest = read_fields(body).map_err(|fault| vec![fault])?;
    let mut check = Check::default();
    let is_external = request.connector == ConnectorName::External;
    check.require(
        !is_external,
        "/connector",
        "nothing is charged for a payment that was taken elsewhere: there is nothing to store",
    );
    check.require(
        is_external || live.is_live(request.connector),
        "/connector",
        terms::not_live(request.connector),
    );
    check.require(
        takes(request.connector, request.kind),
        "/kind",
        terms::kinds(request.connector),
    );
    check.token(&request.token, "/token");
    let fits = |text: &str, most: usize| {
        (1..=most).contains(&text.chars().count()) && !text.contains(char::is_control)
    };
    check.require(
        fits(&request.holder_reference, HOLDER),
        "/holder_reference",
        "give 1 to 64 characters, none of them a control character",
    );
    check.require(
        request.brand.as_ref().is_none_or(|brand| fits(brand, BRAND)),
        "/brand",
        "give 1 to 32 characters, or leave it out",
    );
    let four_digits = |text: &String| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    check.require(
        request.last_four.as_ref().is_none_or(four_digits),
        "/last_four",
        "give four digits, or leave it out",
    );
    let expires_on = request.expires_on.as_deref().map(end_of_month);
    check.require(
        expires_on.is_none_or(|day| day.is_some_and(|day| !is_over(day, now))),
        "/expires_on",
        "give a month that is not over, as 2030-12, or leave it out",
    );
    if !check.faults.is_empty() {
        return Err(check.faults);
    }
    Ok(NewMethod {
        connector: request.connector,
        kind: request.kind,
        token: request.token,
        details: Details {
            holder_reference: request.holder_reference,
            brand: request.brand,
            last_four: request.last_four,
            expires_on: expires_on.flatten(),
        },
    })
}

/// Adds a payment method of a buyer.
///
/// 201 with the payment method; 200 where the caller added the same token with the same details before.
#[utoipa::path(
    post,
    path = "/v1/payment-methods",
    tag = "payment methods",
    params(("Idempotency-Key" = String, Header)),
    request_body = PaymentMethodRequest,
    responses(
        (status = 200, body = PaymentMethodView), (status = 201, body = PaymentMethodView),
        (status = 400, body = Problem), (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn create(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    key: IdempotencyKey,
    Body(body): Body<Value>,
) -> Result<Response, Problem> {
    let method = parse(&body, desk.clock.now(), desk.live).map_err(Problem::fields)?;
    let key = KeyedRequest::new(&caller, "POST /v1/payment-methods", &key, &body);
    Ok(respond(desk.payments.add_method(&caller, &key, &method).await?))
}

/// The payment method of that id.
#[utoipa::path(
    get,
    path = "/v1/payment-methods/{id}",
    tag = "payment methods",
    params(("id" = PaymentMethodId, Path)),
    responses((status = 200, body = PaymentMethodView), (status = 404, body = Problem))
)]
pub(super) async fn read(
    State(desk): State<Desk>,
    Reader(caller): Reader,
    Path(id): Path<PaymentMethodId>,
) -> Result<Json<PaymentMethodView>, Problem> {
    let method = desk.payments.method(&caller, id).await?;
    Ok(Json(PaymentMethodView::from(&method)))
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
    /// Only those of this holder.
    holder_reference: Option<String>,
}

/// The caller's payment methods, newest first. Those that were detached are left out.
#[utoipa::path(
    get,
    path = "/v1/payment-methods",
    tag = "payment methods",
    params(ListParams),
    responses((status = 200, body = Page<PaymentMethodView>), (status = 422, body = Problem))
)]
pub(super) async fn list(
    State(desk): State<Desk>,
    Reader(caller): Reader,
    Query(params): Query<ListParams>,
) -> Result<Json<Page<PaymentMethodView>>, Problem> {
    let place = PageParams {
        limit: params.limit,
        cursor: params.cursor,
    };
    let limit = place.limit()?;
    let (before, filter) = place.start(MethodFilter {
        holder_reference: params.holder_reference,
    })?;
    let found = desk
        .payments
        .list_methods(&caller, &filter, before, i64::from(limit) + 1)
        .await?;
    Ok(Json(page(
        found,
        limit,
        filter,
        |method| method.id.as_uuid(),
        |method| PaymentMethodView::from(&method),
    )))
}

/// Makes it the one that its holder pays with unless another one is named. At most one of a holder is.
#[utoipa::path(
    post,
    path = "/v1/payment-methods/{id}/default",
    tag = "payment methods",
    params(("id" = PaymentMethodId, Path)),
    responses((status = 200, body = PaymentMethodView), (status = 404, body = Problem))
)]
pub(super) async fn make_default(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentMethodId>,
) -> Result<Json<PaymentMethodView>, Problem> {
    let method = desk.payments.make_default_method(&caller, id).await?;
    Ok(Json(PaymentMethodView::from(&method)))
}

/// Detaches it: no new payment may use it, and its token can't be added again. Payments that were made by it can still
/// be captured and refunded.
#[utoipa::path(
    delete,
    path = "/v1/payment-methods/{id}",
    tag = "payment methods",
    params(("id" = PaymentMethodId, Path)),
    responses((status = 204), (status = 404, body = Problem))
)]
pub(super) async fn detach(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentMethodId>,
) -> Result<StatusCode, Problem> {
    desk.payments.detach_method(&caller, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests;
