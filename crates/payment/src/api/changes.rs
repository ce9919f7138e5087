//! Capturing and voiding.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::response::Response;
use contracts::Caller;
use ids::PaymentId;
use once::KeyedRequest;
use serde_json::{Value, json};
use web::{Code, IdempotencyKey, Operator, Path, Problem};

use super::{Desk, respond};
use crate::domain::Command;
use crate::ops::Change;
use crate::view::PaymentView;

/// Takes the whole amount that an authorized payment holds.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/capture",
    tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn capture(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    _: WholeAmount,
) -> Result<Response, Problem> {
    change(&desk, &caller, id, &key, Command::Capture).await
}

/// Lets go of what an authorized payment holds.
#[utoipa::path(
    post,
    path = "/v1/payments/{id}/void",
    tag = "payments",
    params(("id" = PaymentId, Path), ("Idempotency-Key" = String, Header)),
    responses(
        (status = 200, body = PaymentView), (status = 202, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem)
    )
)]
pub(super) async fn void(
    State(desk): State<Desk>,
    Operator(caller): Operator,
    Path(id): Path<PaymentId>,
    key: IdempotencyKey,
    _: WholeAmount,
) -> Result<Response, Problem> {
    change(&desk, &caller, id, &key, Command::Void).await
}

/// The body of a command for the whole amount: none, or `{}`. An amount that is sent and not heeded would be the wrong
/// one.
pub(super) struct WholeAmount;

impl<S: Send + Sync> FromRequest<S> for WholeAmount {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|_| Problem::new(Code::MalformedRequest, "the body did not arrive whole"))?;
        if body.is_empty() || serde_json::from_slice::<Value>(&body).is_ok_and(|sent| sent == json!({})) {
            return Ok(Self);
        }
        let remedy = "this takes no fields: it is always for the whole amount";
        Err(Problem::field("", remedy))
    }
}

async fn change(
    desk: &Desk,
    caller: &Caller,
    payment_id: PaymentId,
    key: &IdempotencyKey,
    command: Command,
) -> Result<Response, Problem> {
    let route = format!("POST /v1/payments/{payment_id}/{}", command.as_str());
    let change = Change {
        key: KeyedRequest::new(caller, &route, key, &json!({})),
        payment_id,
        command,
    };
    Ok(respond(desk.payments.change(change).await?))
}
