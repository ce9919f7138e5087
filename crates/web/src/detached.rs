//! A client that goes away cancels nothing.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use telemetry::{TraceContext, with_trace};
use tokio::runtime::Handle;

use crate::{Code, Problem};

/// Runs the request to its end. When the client hangs up, the server drops the future of its answer; what the request had
/// begun is still finished, so no transaction is cut off in the middle and no idempotency key is left claimed.
pub async fn detach(request: Request, next: Next) -> Response {
    Lasting {
        work: Some(Box::pin(answer(request, next))),
        trace: telemetry::current_trace(),
    }
    .await
}

async fn answer(request: Request, next: Next) -> Response {
    AssertUnwindSafe(next.run(request))
        .catch_unwind()
        .await
        .unwrap_or_else(|panic| {
            let says = panic.downcast_ref::<&str>().copied();
            let says = says.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
            tracing::error!(says, "a request panicked");
            Problem::new(
                Code::Internal,
                "it was logged; name the request id when you ask about it",
            )
            .into_response()
        })
}

/// Work that goes on in a task of its own if it is dropped before its end. Most is not: to begin with a task for each
/// would wake another thread for each.
struct Lasting<W: Future<Output: Send> + Send + 'static> {
    work: Option<Pin<Box<W>>>,
    trace: TraceContext,
}

impl<W: Future<Output: Send> + Send + 'static> Future for Lasting<W> {
    type Output = W::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<W::Output> {
        let Some(work) = &mut self.work else {
            return Poll::Pending;
        };
        let done = ready!(work.as_mut().poll(context));
        self.work = None;
        Poll::Ready(done)
    }
}

impl<W: Future<Output: Send> + Send + 'static> Drop for Lasting<W> {
    fn drop(&mut self) {
        if let Some(work) = self.work.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(with_trace(self.trace, work));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use axum::Router;
    use axum::body::Body;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use http::StatusCode;
    use tokio::sync::Notify;
    use tokio::time::timeout;
    use tower::ServiceExt as _;

    use super::*;

    fn router(path: Router) -> Router {
        path.layer(from_fn(detach))
    }

    fn request() -> Request {
        Request::builder().uri("/").body(Body::empty()).unwrap()
    }

    #[tokio::test]
    async fn work_that_is_given_up_is_finished() {
        let (gate, ended) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (opened, told) = (Arc::clone(&gate), Arc::clone(&ended));
        let work = async move || {
            opened.notified().await;
            told.notify_one();
        };
        let mut answer = Box::pin(router(Router::new().route("/", get(work))).oneshot(request()));
        assert!(futures::poll!(&mut answer).is_pending());
        drop(answer);
        gate.notify_one();
        let ended = timeout(Duration::from_mins(1), ended.notified()).await;
        assert!(ended.is_ok(), "what was given up was not finished");
    }

    #[tokio::test]
    async fn a_panic_is_an_answer() {
        let work = async || -> StatusCode { panic!("as asked") };
        let answer = router(Router::new().route("/", get(work)))
            .oneshot(request())
            .await;
        assert_eq!(answer.unwrap().status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
}
