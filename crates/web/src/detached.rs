//! A client that goes away cancels nothing.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::{Code, Problem};

/// Runs the request in a task of its own. When the client hangs up, the server drops the future of its answer;
/// what the request had begun is still finished, so no transaction is cut off in the middle and no idempotency
/// key is left claimed.
pub async fn detach(request: Request, next: Next) -> Response {
    let trace = telemetry::current_trace();
    match tokio::spawn(telemetry::with_trace(trace, next.run(request))).await {
        Ok(response) => response,
        Err(error) if error.is_panic() => {
            tracing::error!(error = %error, "a request panicked");
            Problem::new(
                Code::Internal,
                "it was logged; name the request id when you ask about it",
            )
            .into_response()
        }
        Err(_) => Problem::new(Code::Unavailable, "the service is stopping")
            .retry_after(1)
            .into_response(),
    }
}
