//! What the gateway itself answers.

use axum::response::{IntoResponse, Response};
use chassis::PeerError;
use http::{HeaderValue, Method, header};
use web::{Code, Problem};

/// A request that gets no further.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    /// No service answers this address.
    #[error("there is nothing at this address")]
    NoRoute,
    /// There is no credential, or it is not valid.
    #[error("who calls is not known")]
    Nobody,
    /// A page of another site had the browser send its cookie.
    #[error("a request of another site")]
    AnotherSite,
    /// The body is longer than this many bytes.
    #[error("the body is longer than {limit} bytes")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// The service did not answer in time.
    #[error("{service} did not answer in time")]
    Late {
        /// The service.
        service: &'static str,
        /// Whether the request changes nothing.
        safe: bool,
    },
    /// A service can't be reached, or says what makes no sense.
    #[error(transparent)]
    Peer(#[from] PeerError),
}

impl Refusal {
    /// The service did not answer `method` in time.
    pub(crate) fn late(service: &'static str, method: &Method) -> Self {
        Self::Late {
            service,
            safe: method.is_safe(),
        }
    }

    fn problem(&self) -> Problem {
        match self {
            Self::NoRoute => Problem::new(Code::NotFound, "there is nothing at this address; see /docs"),
            Self::Nobody => Problem::new(
                Code::Unauthenticated,
                "send a valid API key or session token in the header Authorization: Bearer ...",
            ),
            Self::AnotherSite => Problem::new(
                Code::Forbidden,
                "a session cookie changes nothing from a page of another site; send the token in the header \
                 Authorization",
            ),
            Self::TooLarge { limit } => Problem::new(
                Code::BodyTooLarge,
                format!("send at most {limit} bytes at once, for example smaller batches"),
            ),
            Self::Late { service, safe } => {
                tracing::warn!(service, "no answer in time");
                let remedy = if *safe {
                    "try again"
                } else {
                    "it may have been done: repeat the request with the same Idempotency-Key to get its answer"
                };
                Problem::new(
                    Code::Timeout,
                    format!("the {service} service did not answer in time; {remedy}"),
                )
            }
            Self::Peer(PeerError::Unreachable { service, reason }) => {
                tracing::warn!(service, reason, "a service does not answer");
                let detail = format!("the {service} service does not answer now; try again");
                Problem::new(Code::Unavailable, detail).retry_after(1)
            }
            Self::Peer(error) => Problem::internal(error),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.problem().into_response();
        if matches!(self, Self::Nobody) {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_refusal_has_its_status() {
        let unreachable = || PeerError::Unreachable {
            service: "payment",
            reason: "refused".into(),
        };
        for (refusal, status, name, value) in [
            (Refusal::NoRoute, 404, "content-type", "application/problem+json"),
            (Refusal::Nobody, 401, "www-authenticate", "Bearer"),
            (
                Refusal::AnotherSite,
                403,
                "content-type",
                "application/problem+json",
            ),
            (
                Refusal::TooLarge { limit: 1 },
                413,
                "content-type",
                "application/problem+json",
            ),
            (
                Refusal::late("payment", &Method::POST),
                504,
                "content-type",
                "application/problem+json",
            ),
            (Refusal::Peer(unreachable()), 503, "retry-after", "1"),
        ] {
            let said = refusal.to_string();
            let response = refusal.into_response();
            assert_eq!(response.status().as_u16(), status, "{said}");
            assert_eq!(response.headers().get(name).unwrap(), value, "{said}");
        }
    }
}
