//! What surrounds every request: its id, its trace, its metrics, its line in the log.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};
use ids::RequestId as Id;
use telemetry::{TraceContext, with_trace};

use crate::card_number;
use crate::{Code, Problem};

/// The header that carries a request's id, in and out.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// The id of the request at hand, in its extensions.
#[derive(Debug, Clone)]
pub struct RequestId(pub String);

/// Gives the request an id and a trace, measures it, and writes the id into its problem if it ends in one.
pub async fn observe(service: &'static str, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request
        .headers()
        .get(&REQUEST_ID)
        .and_then(|value| value.to_str().ok())
        .filter(|text| is_plain(text))
        .map_or_else(|| Id::generate().to_string(), str::to_owned);
    let trace = request
        .headers()
        .get(&TRACEPARENT)
        .and_then(|value| value.to_str().ok()?.parse::<TraceContext>().ok())
        .map_or_else(TraceContext::root, TraceContext::child);
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or_else(|| "(none)".to_owned(), |path| path.as_str().to_owned());
    request.extensions_mut().insert(RequestId(id.clone()));

    let mut response = with_trace(trace, async {
        let response = next.run(request).await;
        tracing::debug!(
            service,
            method = %method,
            route,
            status = response.status().as_u16(),
            request_id = id,
            duration_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX),
            "request"
        );
        response
    })
    .await;

    response = name_in_problem(response, &id);
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let labels = [
        ("service", service.to_owned()),
        ("method", label(&method).to_owned()),
        ("route", route),
        ("status", response.status().as_u16().to_string()),
    ];
    metrics::histogram!("jeongsan_http_request_duration_seconds", &labels)
        .record(began.elapsed().as_secs_f64());
    response
}

/// A method as a label: whatever else somebody sends must not make series without end.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "HEAD" => "HEAD",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
}

/// An id from outside is taken over if it can do no harm in a log.
fn is_plain(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && card_number::find(text).is_none()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-_.:".contains(&b))
}

/// Writes the request id into a problem, and makes problems of the bare answers of the router itself.
fn name_in_problem(mut response: Response, id: &str) -> Response {
    if let Some(mut problem) = response.extensions_mut().remove::<Problem>() {
        id.clone_into(&mut problem.request_id);
        return keep_headers(&response, problem);
    }
    let bare = response
        .headers()
        .get(header::CONTENT_TYPE)
        .is_none_or(|value| value.as_bytes().starts_with(b"text/plain"));
    let problem = match response.status() {
        StatusCode::NOT_FOUND if bare => Problem::new(Code::NotFound, "there is nothing at this address"),
        StatusCode::METHOD_NOT_ALLOWED if bare => Problem::new(
            Code::MethodNotAllowed,
            "see the Allow header for the methods of this address",
        ),
        StatusCode::PAYLOAD_TOO_LARGE if bare => Problem::new(
            Code::BodyTooLarge,
            "send less at once, for example smaller batches",
        ),
        StatusCode::INTERNAL_SERVER_ERROR if bare => Problem::new(
            Code::Internal,
            "it was logged; name the request id when you ask about it",
        ),
        _ => return response,
    };
    let problem = Problem {
        request_id: id.to_owned(),
        ..problem
    };
    keep_headers(&response, problem)
}

fn keep_headers(response: &Response, problem: Problem) -> Response {
    let mut rewritten = problem.into_response();
    rewritten.extensions_mut().remove::<Problem>();
    for (name, value) in response.headers() {
        if name != header::CONTENT_TYPE && name != header::CONTENT_LENGTH {
            rewritten.headers_mut().insert(name.clone(), value.clone());
        }
    }
    rewritten
}
