//! Payments: made, read, listed.
#![allow(
    unused_qualifications,
    reason = "what utoipa makes of a handler with query parameters"
)]

use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, Utc};
use ids::{PartnerId, PaymentId};
use money::Currency;
use once::KeyedRequest;
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;
use web::{Body, IdempotencyKey, Operator, Page, PageParams, Path, Problem, Query, Reader, page};

use super::request::{PaymentRequest, parse};
use super::{Desk, respond};
use crate::domain::PaymentStatus;
use crate::ops::{Incoming, Sort, Wanted};
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
    /// In which order; newest first, if left out. By amount only beside `currency`.
    #[serde(default)]
    #[param(inline)]
    sort: Sort,
    /// Only those in this status.
    status: Option<PaymentStatus>,
    /// Only those with this order reference.
    order_reference: Option<String>,
    /// Only those with a line of this partner.
    partner_id: Option<PartnerId>,
    /// Only those paid by a means that ends in these four digits.
    #[param(pattern = "^[0-9]{4}$")]
    last_four: Option<String>,
    /// Only those in this currency.
    currency: Option<Currency>,
    /// Only those of at least this amount, in minor units.
    #[param(minimum = 0)]
    amount_from_minor: Option<i64>,
    /// Only those of at most this amount, in minor units.
    #[param(minimum = 0)]
    amount_to_minor: Option<i64>,
    /// Only those made at this time or later.
    created_from: Option<DateTime<Utc>>,
    /// Only those made before this time.
    created_to: Option<DateTime<Utc>>,
}

impl ListParams {
    fn wanted(self) -> Result<Wanted, Problem> {
        if matches!(self.sort, Sort::Largest | Sort::Smallest) && self.currency.is_none() {
            return Err(Problem::field(
                "currency",
                "name one: amounts of two currencies can't be compared",
            ));
        }
        if let Some(digits) = &self.last_four
            && !(digits.len() == 4 && digits.bytes().all(|digit| digit.is_ascii_digit()))
        {
            return Err(Problem::field("last_four", "give four digits"));
        }
        Ok(Wanted {
            last_four: self.last_four,
            sort: self.sort,
            status: self.status,
            order_reference: self.order_reference,
            partner_id: self.partner_id,
            currency: self.currency.map(|currency| currency.as_str().to_owned()),
            amount_from_minor: self.amount_from_minor,
            amount_to_minor: self.amount_to_minor,
            created_from: self.created_from,
            created_to: self.created_to,
            last_minor: None,
        })
    }
}

/// Payments, page by page.
///
/// A cursor goes on with the filter and the order of the list that it came from, whatever is sent beside it.
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
        cursor: params.cursor.clone(),
    };
    let limit = place.limit()?;
    // What is sent beside a cursor is not heeded, so that it need not be right.
    let wanted = if place.cursor.is_some() {
        Wanted::default()
    } else {
        params.wanted()?
    };
    let (last, mut wanted) = place.start(wanted)?;
    let found = desk.payments.list(&wanted, last, i64::from(limit) + 1).await?;
    wanted.last_minor = found
        .get(usize::from(limit).saturating_sub(1))
        .map(|payment| payment.amount_minor);
    Ok(Json(page(
        found,
        limit,
        wanted,
        |payment| payment.id.as_uuid(),
        |payment| PaymentView::from(&payment),
    )))
}
