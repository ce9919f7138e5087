//! The routes of this service.

mod batch;
mod changes;
mod check;
mod disputes;
mod given;
mod methods;
mod payments;
mod request;
#[cfg(test)]
mod request_tests;
mod routing;
mod terms;
mod timeline;
mod webhooks;

use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::from_fn;
use axum::response::{IntoResponse, Response};
use chassis::Clock;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use web::{BATCH_LIMIT, EVIDENCE_LIMIT, refuse_card_numbers, refuse_card_numbers_around};

use crate::connectors::Live;
use crate::ops::{Answered, Payments};

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Desk {
    pub(crate) payments: Payments,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) live: Live,
}

pub(crate) fn routes(desk: Desk) -> OpenApiRouter {
    // In a batch the payment with the number is refused, and not the others: the handler looks through them.
    let batches = OpenApiRouter::new()
        .routes(routes!(batch::create))
        .layer(from_fn(refuse_card_numbers_around))
        .layer(DefaultBodyLimit::max(BATCH_LIMIT));
    let evidence = OpenApiRouter::new()
        .routes(routes!(disputes::submit, disputes::evidence))
        .layer(from_fn(refuse_card_numbers))
        .layer(DefaultBodyLimit::max(EVIDENCE_LIMIT));
    OpenApiRouter::new()
        .routes(routes!(payments::create, payments::list))
        .routes(routes!(payments::read))
        .routes(routes!(timeline::show))
        .routes(routes!(methods::create, methods::list))
        .routes(routes!(methods::read, methods::detach))
        .routes(routes!(methods::make_default))
        .routes(routes!(changes::capture))
        .routes(routes!(changes::void))
        .routes(routes!(changes::refund))
        .routes(routes!(changes::increment))
        .routes(routes!(changes::cancel))
        .routes(routes!(changes::resolve))
        .routes(routes!(routing::read, routing::replace))
        .routes(routes!(disputes::list))
        .routes(routes!(disputes::read))
        .routes(routes!(webhooks::list))
        // Whatever stands above; below it nothing is asked for by anybody outside.
        .layer(from_fn(refuse_card_numbers))
        .merge(batches)
        .merge(evidence)
        // What a connector signs is taken as it is.
        .routes(routes!(webhooks::take_in))
        .with_state(desk)
}

/// An answer that is kept under a key, as HTTP.
fn respond(answered: Answered) -> Response {
    let status = StatusCode::from_u16(answered.answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = [(header::CONTENT_TYPE, "application/json")];
    let mut response = (status, json, answered.answer.body).into_response();
    if answered.is_replay {
        response
            .headers_mut()
            .insert("idempotent-replayed", HeaderValue::from_static("true"));
    }
    response
}
