//! One request, repeated until it is answered or patience ends.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::{self, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use tokio::time::Instant;

use super::Pace;
use super::answer::Problem;
use crate::{ImportError, Target};

type Http = legacy::Client<HttpConnector, Full<Bytes>>;

/// Speaks to one address with one key. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Client {
    http: Http,
    base: String,
    authorization: HeaderValue,
    pub(crate) pace: Pace,
    /// Whether anything has answered yet.
    reached: Arc<AtomicBool>,
}

/// An answer, whatever it says.
pub(crate) struct Reply {
    request: String,
    pub(crate) status: StatusCode,
    /// It is the answer of an earlier run: the server kept it, and this run sent nothing before that could have made it.
    pub(crate) of_earlier_run: bool,
    body: Bytes,
}

/// What one attempt came to when it was no answer.
struct Cut {
    reason: String,
    /// Whether the server may have done what was asked all the same.
    may_have_arrived: bool,
}

impl Client {
    pub(crate) fn new(target: &Target) -> Result<Self, ImportError> {
        let base = target.base_url.trim_end_matches('/').to_owned();
        let uri: Option<Uri> = base.parse().ok();
        if !uri.is_some_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some()) {
            return Err(ImportError::Address {
                given: target.base_url.clone(),
            });
        }
        let mut authorization = HeaderValue::from_str(&format!("Bearer {}", target.api_key.trim()))
            .map_err(|_| ImportError::ApiKey)?;
        authorization.set_sensitive(true);
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(target.pace.attempt));
        Ok(Self {
            http: legacy::Client::builder(TokioExecutor::new()).build(connector),
            base,
            authorization,
            pace: target.pace,
            reached: Arc::default(),
        })
    }

    /// POST under a key of the content and `attempt`: the same content has the same key in every run, so that a run
    /// which was cut off is taken up where it was.
    pub(crate) async fn post(
        &self,
        path: &str,
        body: &impl Serialize,
        attempt: u32,
    ) -> Result<Reply, ImportError> {
        let body = encode(body)?;
        let key = idempotency_key(path, &body, attempt);
        self.send(Method::POST, path, Some(&key), body).await
    }

    /// Sends a request, and again while the platform is busy or does not answer.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<Reply, ImportError> {
        let began = Instant::now();
        let (mut repeat, mut may_have_arrived) = (0, false);
        loop {
            let (reason, asked_wait) = match self.attempt(&method, path, key, body.clone()).await {
                Ok((mut reply, headers)) => {
                    self.reached.store(true, Ordering::Relaxed);
                    if !reply.asks_to_come_again() {
                        reply.of_earlier_run = !may_have_arrived && is_replayed(&headers);
                        return Ok(reply);
                    }
                    (
                        format!("{} {}", reply.status, reply.problem().text()),
                        retry_after(&headers),
                    )
                }
                Err(cut) => {
                    may_have_arrived |= cut.may_have_arrived;
                    (cut.reason, None)
                }
            };
            let wait = self.pace.wait(repeat).max(asked_wait.unwrap_or_default());
            if began.elapsed() + wait > self.patience() {
                return Err(ImportError::GaveUp {
                    request: format!("{method} {path}"),
                    waited: began.elapsed(),
                    reason,
                });
            }
            tracing::debug!(%method, path, reason, repeat, "a request is repeated");
            tokio::time::sleep(wait).await;
            repeat += 1;
        }
    }

    fn patience(&self) -> Duration {
        if self.reached.load(Ordering::Relaxed) {
            self.pace.give_up_after
        } else {
            self.pace.first_contact
        }
    }

    async fn attempt(
        &self,
        method: &Method,
        path: &str,
        key: Option<&str>,
        body: Bytes,
    ) -> Result<(Reply, HeaderMap), Cut> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, self.authorization.clone());
        if !body.is_empty() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let request = request.body(Full::new(body)).map_err(|error| Cut {
            reason: error.to_string(),
            may_have_arrived: false,
        })?;
        let exchange = async {
            let response = self.http.request(request).await.map_err(|error| Cut {
                may_have_arrived: !error.is_connect(),
                reason: chain(&error),
            })?;
            let (parts, body) = response.into_parts();
            let body = body.collect().await.map_err(|error| Cut {
                may_have_arrived: true,
                reason: chain(&error),
            })?;
            let reply = Reply {
                request: format!("{method} {path}"),
                status: parts.status,
                of_earlier_run: false,
                body: body.to_bytes(),
            };
            Ok((reply, parts.headers))
        };
        tokio::time::timeout(self.pace.attempt, exchange)
            .await
            .unwrap_or_else(|_| {
                Err(Cut {
                    reason: "no answer in time".to_owned(),
                    may_have_arrived: true,
                })
            })
    }
}

impl Reply {
    /// The body of a success; anything else is [`ImportError::Answered`].
    pub(crate) fn success<T: DeserializeOwned>(&self) -> Result<T, ImportError> {
        if !self.status.is_success() {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|error| self.malformed(error.to_string()))
    }

    /// The whole answer as a refusal.
    pub(crate) fn refusal(&self) -> ImportError {
        let problem = self.problem();
        ImportError::Answered {
            request: self.request.clone(),
            status: self.status,
            code: problem.code,
            detail: problem.detail,
        }
    }

    /// The answer is not what was agreed.
    pub(crate) fn malformed(&self, reason: String) -> ImportError {
        ImportError::Malformed {
            request: self.request.clone(),
            reason,
        }
    }

    fn problem(&self) -> Problem {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// A repeat under the same key is safe in each of these cases, and may be answered otherwise.
    fn asks_to_come_again(&self) -> bool {
        match self.status {
            StatusCode::TOO_MANY_REQUESTS
            | StatusCode::BAD_GATEWAY
            | StatusCode::SERVICE_UNAVAILABLE
            | StatusCode::GATEWAY_TIMEOUT => true,
            StatusCode::CONFLICT => self.problem().code == "request_in_progress",
            _ => false,
        }
    }
}

/// The JSON of a request.
pub(crate) fn encode(body: &impl Serialize) -> Result<Bytes, ImportError> {
    serde_json::to_vec(body)
        .map(Bytes::from)
        .map_err(ImportError::Encode)
}

fn idempotency_key(path: &str, body: &[u8], attempt: u32) -> String {
    let hash = Sha256::new()
        .chain_update(path)
        .chain_update([0])
        .chain_update(attempt.to_be_bytes())
        .chain_update(body)
        .finalize();
    format!("import-{}", hex::encode(hash))
}

fn is_replayed(headers: &HeaderMap) -> bool {
    headers
        .get("idempotent-replayed")
        .is_some_and(|value| value == "true")
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds = headers.get(header::RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// An error and what caused it, in one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{Client, idempotency_key};
    use crate::{Pace, Target};

    #[test]
    fn a_key_is_that_of_path_content_and_attempt() {
        let key = idempotency_key("/v1/a", b"{}", 0);
        assert_eq!(key, idempotency_key("/v1/a", b"{}", 0));
        for other in [
            idempotency_key("/v1/b", b"{}", 0),
            idempotency_key("/v1/a", b"{ }", 0),
            idempotency_key("/v1/a", b"{}", 1),
        ] {
            assert_ne!(key, other);
        }
        assert!(key.len() <= 255);
    }

    #[test]
    fn only_an_address_of_plain_http_is_taken() {
        let client = |base: &str, key: &str| {
            Client::new(&Target {
                base_url: base.to_owned(),
                api_key: key.to_owned(),
                pace: Pace::default(),
            })
            .map(|_| ())
            .map_err(|error| error.to_string())
        };
        assert_eq!(client("http://127.0.0.1:8080/", "sk_1"), Ok(()));
        for base in ["https://a.example", "127.0.0.1:8080", "http://", "", "file:///a"] {
            assert!(
                client(base, "sk_1")
                    .unwrap_err()
                    .contains("http://127.0.0.1:8080"),
                "{base}"
            );
        }
        assert!(client("http://a.example", "sk\n1").is_err());
    }
}
