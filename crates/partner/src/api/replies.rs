//! Answers that are kept under an idempotency key.

use axum::response::{IntoResponse, Response};
use contracts::Caller;
use http::{HeaderName, HeaderValue, StatusCode, header};
use once::{Answer, KeyedRequest};
use serde::Serialize;
use web::IdempotencyKey;

use crate::App;
use crate::error::Error;
use crate::ops::{Reply, Request};

const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// The request of `caller` to `route` under `key`. The body is what was understood of it: fields that were left out
/// count as their defaults.
pub(super) fn request(
    app: &App,
    caller: &Caller,
    route: &str,
    key: &IdempotencyKey,
    body: &impl Serialize,
) -> Result<Request, Error> {
    let body = serde_json::to_value(body).map_err(|error| Error::form("a request", error))?;
    Ok(Request {
        keyed: KeyedRequest::new(caller, route, key, &body),
        caller: caller.id.clone(),
        now: app.clock.now(),
    })
}

/// An answer of that status, about `subject`.
pub(super) fn answer(
    status: StatusCode,
    subject: Option<String>,
    view: &impl Serialize,
) -> Result<Answer, Error> {
    Ok(Answer {
        status: status.as_u16(),
        body: serde_json::to_vec(view).map_err(|error| Error::form("an answer", error))?,
        subject,
    })
}

/// The answer as HTTP; a repeated one says so.
pub(super) fn respond(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.answer.status).unwrap_or(StatusCode::OK);
    let json = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (status, json, reply.answer.body).into_response();
    if reply.replayed {
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}
