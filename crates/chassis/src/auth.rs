//! Establishes who calls: a typed caller handed over in the process, or a signed token from another one.

use std::sync::Arc;

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::Response;
use contracts::Caller;
use http::header;

use crate::token::Verifier;

/// Puts the [`Caller`] into the request's extensions. Without a valid token there is none, and the extractors of
/// `web` refuse whatever needs one. An extension can't come in over the network, only from this process.
pub(crate) async fn authenticate(verifier: Arc<Verifier>, mut request: Request, next: Next) -> Response {
    if request.extensions().get::<Caller>().is_none() {
        let caller = request
            .headers()
            .get(header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "))
            .and_then(|token| verifier.verify(token));
        if let Some(caller) = caller {
            request.extensions_mut().insert(caller);
        }
    }
    next.run(request).await
}
