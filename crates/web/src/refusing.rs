//! The door that no card number gets through.

use axum::RequestExt as _;
use axum::body::{Body, HttpBody as _};
use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri};
use http_body_util::{BodyExt as _, LengthLimitError};
use percent_encoding::percent_decode_str;

use crate::card_number::{Place, find, find_in_json};
use crate::{Code, Problem};

const KEY: &str = "idempotency-key";

/// Refuses a request with a card number in its path, its query, its `Idempotency-Key` or its body.
pub async fn refuse_card_numbers(request: Request, next: Next) -> Response {
    let checked = match head(request.uri(), request.headers()) {
        Ok(()) => with_checked_body(request).await,
        Err(problem) => Err(problem),
    };
    match checked {
        Ok(request) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// The same for a body of many things, which the handler looks through thing by thing.
pub async fn refuse_card_numbers_around(request: Request, next: Next) -> Response {
    match head(request.uri(), request.headers()) {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

fn head(uri: &Uri, headers: &HeaderMap) -> Result<(), Problem> {
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let key = headers
        .get(KEY)
        .map(|value| String::from_utf8_lossy(value.as_bytes()));
    if key.is_some_and(|key| find(&key).is_some()) {
        return Err(refused("Idempotency-Key"));
    }
    if find(&decoded(uri.path())).is_some() {
        return Err(refused("path"));
    }
    for pair in uri.query().unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (
            decoded(&name.replace('+', " ")),
            decoded(&value.replace('+', " ")),
        );
        if find(&name).is_some() {
            return Err(refused("query"));
        }
        if find(&value).is_some() {
            return Err(refused(&name));
        }
    }
    Ok(())
}

async fn with_checked_body(request: Request) -> Result<Request, Problem> {
    if request.body().is_end_stream() {
        return Ok(request);
    }
    let (parts, body) = request.with_limited_body().into_parts();
    let bytes = match body.collect().await {
        Ok(collected) => collected.to_bytes(),
        Err(error) => return Err(broken_off(&error)),
    };
    match find_in_json(&bytes) {
        Some(place) => Err(Problem::fields(vec![place.refusal()])),
        None => Ok(Request::from_parts(parts, Body::from(bytes))),
    }
}

fn refused(place: &str) -> Problem {
    Problem::fields(vec![Place::of_text(place).refusal()])
}

fn broken_off(error: &axum::Error) -> Problem {
    let first: &(dyn std::error::Error + 'static) = error;
    let mut chain = std::iter::successors(Some(first), |error| error.source());
    if chain.any(<dyn std::error::Error>::is::<LengthLimitError>) {
        Problem::new(
            Code::BodyTooLarge,
            "send less at once, for example smaller batches",
        )
    } else {
        Problem::new(Code::MalformedRequest, "the body did not arrive whole")
    }
}
