//! A JSON body that may be left out.

use axum::extract::{FromRequest, Request};
use axum::http::header;
use serde_json::{Value, json};
use web::{Body, Problem};

/// The body; one that was left out is `{}`.
pub(super) struct Given(pub(super) Value);

impl<S: Send + Sync> FromRequest<S> for Given {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Self::Rejection> {
        let is_empty = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .is_none_or(|length| length == "0")
            && !request.headers().contains_key(header::TRANSFER_ENCODING)
            && axum::body::HttpBody::is_end_stream(request.body());
        if is_empty {
            return Ok(Self(json!({})));
        }
        let Body(body) = Body::from_request(request, state).await?;
        Ok(Self(body))
    }
}
