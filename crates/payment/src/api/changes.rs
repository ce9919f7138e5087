//! What is asked of a payment that exists.

use axum::extract::State;
use axum::response::Response;
use contracts::Caller;
use ids::{PaymentId, TransactionId};
use once::KeyedRequest;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::ToSchema;
use web::{FieldError, IdempotencyKey, Operator, Path, Problem};

use super::check::Check;
use super::given::Given;
use super::request::{LineRequest, read};
use super::{Desk, respond};
use crate::domain::Part;
use crate::domain::amounts::LARGEST_MINOR;
use crate::ops::{Asks, ChangeRequest, Decision};
use crate::view::PaymentView;

const REASON: usize = 255;
const REFERENCE: usize = 255;

/// How much of what is held is taken.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct CaptureRequest {
    /// 1 or more; all that is held, if left out. What is left may be captured later, or voided.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount_minor: Option<i64>,
}

/// Takes what an authorized payment holds, or a part of it.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/capture",
    tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<CaptureRequest>,
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn capture(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Given(body): Given,
) -> Result<Response, Problem> {
    let request: CaptureRequest = from(&body)?;
    amount(request.amount_minor)?;
    change(
        &desk,
        caller,
        id,
        "capture",
        &key,
        &body,
        Asks::Capture(request.amount_minor),
        None,
    )
    .await
}

/// Lets go of what a payment holds and has not taken.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/void",
    tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<Nothing>,
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn void(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Given(body): Given,
) -> Result<Response, Problem> {
    let Nothing {} = from(&body)?;
    change(&desk, caller, id, "void", &key, &body, Asks::Void, None).await
}

/// Gives up a payment that the buyer has not paid yet: one that was only asked for, or that waits for the buyer.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/cancel",
    tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<Nothing>,
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn cancel(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Given(body): Given,
) -> Result<Response, Problem> {
    let Nothing {} = from(&body)?;
    change(&desk, caller, id, "cancel", &key, &body, Asks::Cancel, None).await
}

/// No fields: a field that is sent and not heeded would be the wrong one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Nothing {}

/// What goes back to the buyer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundRequest {
    /// 1 or more; all that was taken and not given back, if left out. Spread over what is left of the lines. Not beside
    /// `lines`.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount_minor: Option<i64>,
    /// How much of which lines.
    #[serde(default)]
    #[schema(max_items = 500)]
    lines: Vec<RefundLine>,
    /// Why, 1 to 255 characters.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    reason: Option<String>,
}

/// A part of a line.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RefundLine {
    /// The line's number within the payment; each line once.
    #[schema(minimum = 1)]
    line_number: i32,
    /// 1 or more.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64)]
    amount_minor: i64,
}

/// Gives back what was taken, or a part of it.
///
/// Where the payment has several tenders, they give back in the order that was settled when it was made. The amount is
/// reserved before a connector is asked, so that two refunds at once never exceed it. Of an external payment it is
/// recorded that the money went back elsewhere.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/refunds",
    tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = Option<RefundRequest>,
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn refund(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Given(body): Given,
) -> Result<Response, Problem> {
    let request: RefundRequest = from(&body)?;
    amount(request.amount_minor)?;
    let reason = request
        .reason
        .map(|reason| words("/reason", reason, REASON))
        .transpose()?;
    if request.amount_minor.is_some() && !request.lines.is_empty() {
        return Err(Problem::field(
            "/amount_minor",
            "give the amount of each line, or one amount and no lines",
        ));
    }
    let mut parts: Vec<Part> = Vec::with_capacity(request.lines.len());
    for (place, line) in request.lines.iter().enumerate() {
        let at = |field: &str| format!("/lines/{place}/{field}");
        if !(1..=LARGEST_MINOR).contains(&line.amount_minor) {
            return Err(Problem::field(
                at("amount_minor"),
                format!("give 1 to {LARGEST_MINOR}"),
            ));
        }
        if parts.iter().any(|part| part.line_number == line.line_number) {
            return Err(Problem::field(
                at("line_number"),
                "this line stands here already: name each once",
            ));
        }
        parts.push(Part {
            line_number: line.line_number,
            amount_minor: line.amount_minor,
        });
    }
    let asks = Asks::Refund(request.amount_minor, parts);
    change(&desk, caller, id, "refunds", &key, &body, asks, reason).await
}

/// What the buyer owes beside what the payment was made for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct IncrementRequest {
    /// The lines that come to the payment, 1 to 500 with those that are there; what they owe is held as well.
    #[schema(min_items = 1, max_items = 500)]
    lines: Vec<LineRequest>,
    /// The tender that pays them; needed where there are several.
    #[serde(default)]
    #[schema(minimum = 1)]
    tender_number: Option<i32>,
}

/// Holds more on an authorized payment, for more lines.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/increments",
    tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    request_body = IncrementRequest,
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn increment(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    Given(body): Given,
) -> Result<Response, Problem> {
    let request: IncrementRequest = from(&body)?;
    let mut check = Check::default();
    let (lines, _) = check.lines(request.lines);
    if !check.faults.is_empty() {
        return Err(Problem::fields(check.faults));
    }
    let asks = Asks::Increment(lines, request.tender_number);
    change(&desk, caller, id, "increments", &key, &body, asks, None).await
}

/// What became of an operation, as a person found out.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ResolveRequest {
    /// Whether the connector did it.
    outcome: Resolved,
    /// The connector's own name for what it did, 1 to 255 characters; needed where it did it.
    #[serde(default)]
    #[schema(min_length = 1, max_length = 255)]
    connector_reference: Option<String>,
    /// How that is known, 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255)]
    reason: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum Resolved {
    Succeeded,
    Failed,
}

/// Says what became of an operation of unknown outcome, where its connector does not say.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/operations/{transaction_id}/resolve",
    tag = "payments",
    params(
        ("id" = PaymentId, Path), ("transaction_id" = TransactionId, Path), ("Idempotency-Key" = String, Header)
    ),
    request_body = ResolveRequest,
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)
    )
)]
pub(super) async fn resolve(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path((payment_id, transaction_id)): Path<(PaymentId, TransactionId)>,
    key: IdempotencyKey,
    Given(body): Given,
) -> Result<Response, Problem> {
    let request: ResolveRequest = from(&body)?;
    let pointer = "/connector_reference";
    let done_as = match (request.outcome, request.connector_reference) {
        (Resolved::Succeeded, Some(reference)) => Some(words(pointer, reference, REFERENCE)?),
        (Resolved::Succeeded, None) => {
            return Err(Problem::field(
                pointer,
                "give the connector's own name for what it did",
            ));
        }
        (Resolved::Failed, None) => None,
        (Resolved::Failed, Some(_)) => {
            return Err(Problem::field(
                pointer,
                "it did nothing, so that there is no name for it: leave this out",
            ));
        }
    };
    let route = format!("POST /v1/payments/{payment_id}/operations/{transaction_id}/resolve");
    let decision = Decision {
        key: KeyedRequest::new(&caller, &route, &key, &body),
        caller,
        payment_id,
        transaction_id,
        done_as,
        reason: words("/reason", request.reason, REASON)?,
    };
    Ok(respond(desk.payments.decide(decision).await?))
}

fn from<T: DeserializeOwned>(body: &Value) -> Result<T, Problem> {
    read(body).map_err(|fault: FieldError| Problem::fields(vec![fault]))
}

fn amount(minor: Option<i64>) -> Result<(), Problem> {
    match minor {
        Some(minor) if !(1..=LARGEST_MINOR).contains(&minor) => Err(Problem::field(
            "/amount_minor",
            format!("give 1 to {LARGEST_MINOR} minor units, or leave it out for all of it"),
        )),
        _ => Ok(()),
    }
}

fn words(pointer: &str, text: String, longest: usize) -> Result<String, Problem> {
    let fits = (1..=longest).contains(&text.chars().count()) && !text.contains(char::is_control);
    if fits {
        return Ok(text);
    }
    let detail = format!("give 1 to {longest} characters, none of them a control character");
    Err(Problem::field(pointer, detail))
}

#[allow(clippy::too_many_arguments, reason = "each of them is said once, in a route")]
async fn change(
    desk: &Desk,
    caller: Caller,
    payment_id: PaymentId,
    action: &str,
    key: &IdempotencyKey,
    body: &Value,
    asks: Asks,
    reason: Option<String>,
) -> Result<Response, Problem> {
    let route = format!("POST /v1/payments/{payment_id}/{action}");
    let request = ChangeRequest {
        key: KeyedRequest::new(&caller, &route, key, body),
        caller,
        payment_id,
        asks,
        reason,
    };
    Ok(respond(desk.payments.change(request).await?))
}
