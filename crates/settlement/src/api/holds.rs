//! Holds: nothing is settled while lines of the past are still being sent.

use axum::Json;
use axum::extract::State;
use http::StatusCode;
use ids::HoldId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use web::{Body, Code, FieldError, Operator, Path, Problem, Reader};

use super::Api;
use crate::ops::{hold, read};
use crate::store::holds::Hold;

/// A hold that is to be taken.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakeHold {
    /// Why, for whoever wonders why nothing is settled.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
    /// How long it lasts unless it is renewed, in seconds.
    #[schema(minimum = 1, maximum = 600)]
    lease_seconds: i32,
}

/// Takes a hold. It needs no Idempotency-Key: one too many ends by itself.
#[utoipa::path(
    post,
    path = "/v1/settlement-holds",
    tag = "settlement holds",
    request_body = TakeHold,
    responses((status = 201, body = Hold, description = "Nothing is requested from now on until it ends."))
)]
pub(crate) async fn take(
    State(api): State<Api>,
    Operator(caller): Operator,
    Body(body): Body<TakeHold>,
) -> Result<(StatusCode, Json<Hold>), Problem> {
    let mut errors = Vec::new();
    let mut wrong = |pointer: &str, detail: &str| {
        errors.push(FieldError {
            pointer: pointer.to_owned(),
            code: Code::InvalidField,
            detail: detail.to_owned(),
        });
    };
    let length = body.reason.trim().chars().count();
    if !(1..=500).contains(&length) || body.reason.contains('\0') {
        wrong("/reason", "say why, in 1 to 500 characters");
    }
    if !(1..=600).contains(&body.lease_seconds) {
        wrong(
            "/lease_seconds",
            "give 1 to 600 seconds, and renew the hold before they are over",
        );
    }
    if !errors.is_empty() {
        return Err(Problem::fields(errors));
    }
    let reason = body.reason.trim().to_owned();
    let hold = hold::take(
        &api.outbox,
        reason,
        caller.id,
        body.lease_seconds,
        api.clock.now(),
    )
    .await?;
    Ok((StatusCode::CREATED, Json(hold)))
}

/// Holds that last.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Holds {
    /// Oldest first, at most 100.
    data: Vec<Hold>,
}

/// Lists holds that last.
#[utoipa::path(
    get,
    path = "/v1/settlement-holds",
    tag = "settlement holds",
    responses((status = 200, body = Holds, description = "The holds."))
)]
pub(crate) async fn list(State(api): State<Api>, _: Reader) -> Result<Json<Holds>, Problem> {
    let data = read::holds(&api.outbox, api.clock.now()).await?;
    Ok(Json(Holds { data }))
}

/// Lets a hold last for another lease from now on.
#[utoipa::path(
    post,
    path = "/v1/settlement-holds/{hold_id}/renew",
    tag = "settlement holds",
    params(("hold_id" = HoldId, Path)),
    responses(
        (status = 200, body = Hold, description = "The hold, with its new end."),
        (status = 404, body = Problem, description = "There is no such hold."),
        (status = 409, body = Problem, description = "It has ended: windows may have been settled meanwhile."),
    )
)]
pub(crate) async fn renew(
    State(api): State<Api>,
    _: Operator,
    Path(id): Path<HoldId>,
) -> Result<Json<Hold>, Problem> {
    Ok(Json(hold::renew(&api.outbox, id, api.clock.now()).await?))
}

/// Ends a hold. Ending it again changes nothing.
#[utoipa::path(
    delete,
    path = "/v1/settlement-holds/{hold_id}",
    tag = "settlement holds",
    params(("hold_id" = HoldId, Path)),
    responses(
        (status = 204, description = "It has ended."),
        (status = 404, body = Problem, description = "There is no such hold."),
    )
)]
pub(crate) async fn release(
    State(api): State<Api>,
    _: Operator,
    Path(id): Path<HoldId>,
) -> Result<StatusCode, Problem> {
    hold::release(&api.outbox, id, api.clock.now()).await?;
    Ok(StatusCode::NO_CONTENT)
}
