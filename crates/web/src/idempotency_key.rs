//! The header `Idempotency-Key`.

use axum::extract::FromRequestParts;
use http::request::Parts;

use crate::{Code, Problem};

/// The caller's name for one request, 1 to 255 printable ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        parts
            .headers
            .get("idempotency-key")
            .and_then(|value| value.to_str().ok())
            .map(str::trim)
            .filter(|text| (1..=255).contains(&text.len()))
            .map(|text| Self(text.to_owned()))
            .ok_or_else(|| {
                Problem::new(
                    Code::IdempotencyKeyMissing,
                    "send a header Idempotency-Key of 1 to 255 printable characters, new for every new request and \
                     the same for every repeat",
                )
            })
    }
}
