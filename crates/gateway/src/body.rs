//! Bodies on their way through: limited going in, not left hanging coming out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes};
use futures::{StreamExt, stream};
use http_body_util::{BodyExt, LengthLimitError, Limited};

/// Tells whether a body was longer than it may be.
#[derive(Debug, Clone, Default)]
pub(crate) struct Overflow(Arc<AtomicBool>);

impl Overflow {
    /// Whether it was.
    pub(crate) fn happened(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// The body, cut off with an error after `limit` bytes. It is passed on as it comes, not gathered.
pub(crate) fn limited(body: Body, limit: usize, overflow: &Overflow) -> Body {
    let overflow = overflow.clone();
    Body::new(Limited::new(body, limit).map_err(move |error| {
        if error.is::<LengthLimitError>() {
            overflow.0.store(true, Ordering::Relaxed);
        }
        error
    }))
}

/// The body of an answer, ended with an error when its next part does not come within `patience`.
pub(crate) fn impatient(body: Body, patience: Duration) -> Body {
    let parts = stream::try_unfold(body.into_data_stream(), move |mut rest| async move {
        next(&mut rest, patience)
            .await
            .map(|part| part.map(|part| (part, rest)))
    });
    Body::from_stream(parts)
}

async fn next(rest: &mut BodyDataStream, patience: Duration) -> Result<Option<Bytes>, axum::Error> {
    match tokio::time::timeout(patience, rest.next()).await {
        Ok(part) => part.transpose(),
        Err(late) => Err(axum::Error::new(late)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_body_over_its_limit_is_cut_off_and_noticed() {
        for (limit, fits) in [(5, true), (4, false)] {
            let overflow = Overflow::default();
            let parts = stream::iter(["ab", "cde"].map(Ok::<_, axum::Error>));
            let read = limited(Body::from_stream(parts), limit, &overflow)
                .collect()
                .await;
            assert_eq!(read.is_ok(), fits, "{limit}");
            assert_eq!(overflow.happened(), !fits, "{limit}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_stops_coming_is_ended() {
        let parts = stream::iter(["ab"].map(Ok::<_, axum::Error>)).chain(stream::pending());
        let body = impatient(Body::from_stream(parts), Duration::from_millis(20));
        assert!(body.collect().await.is_err());
        let whole = Body::from("abc");
        let read = impatient(whole, Duration::from_secs(30)).collect().await.unwrap();
        assert_eq!(read.to_bytes(), "abc");
    }
}
