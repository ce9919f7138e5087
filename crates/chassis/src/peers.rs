//! Reaching the other services: a function call in the same process, HTTP elsewhere.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use bus::OutboxLog;
use bytes::Bytes;
use contracts::Caller;
use http::{HeaderName, HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt;

use crate::token::Signer;

/// The longest answer that [`Peers::ask`] reads, in bytes.
const MAX_ANSWER: usize = 64 * 1024 * 1024;

/// Another service did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PeerError {
    /// It is not running, or did not answer in time.
    #[error("{service} does not answer: {reason}")]
    Unreachable {
        /// The service.
        service: &'static str,
        /// What happened.
        reason: String,
    },
    /// It answered with something else than success.
    #[error("{service} refused: {status} {body}")]
    Refused {
        /// The service.
        service: &'static str,
        /// Its answer's status.
        status: StatusCode,
        /// Its answer.
        body: String,
    },
    /// Its answer has not the expected form.
    #[error("{service} answered something else than expected: {source}")]
    Malformed {
        /// The service.
        service: &'static str,
        /// What the parser said.
        source: serde_json::Error,
    },
}

/// The other services, as one service sees them.
#[derive(Clone)]
pub struct Peers(Arc<View>);

struct View {
    signer: Signer,
    own: Caller,
    shared: Arc<Shared>,
}

/// What all services of a process have in common.
pub(crate) struct Shared {
    local: RwLock<HashMap<&'static str, Router>>,
    logs: RwLock<HashMap<&'static str, OutboxLog>>,
    remote: HashMap<&'static str, String>,
    client: Client<HttpConnector, Body>,
}

impl Shared {
    /// `remote` holds the base address of every service, for those that are not in this process.
    pub(crate) fn new(remote: HashMap<&'static str, String>) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(2)));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(30))
            .build(connector);
        Self {
            local: RwLock::default(),
            logs: RwLock::default(),
            remote,
            client,
        }
    }

    pub(crate) fn add_local(&self, service: &'static str, router: Router) {
        if let Ok(mut local) = self.local.write() {
            local.insert(service, router);
        }
    }

    pub(crate) fn add_log(&self, service: &'static str, log: OutboxLog) {
        if let Ok(mut logs) = self.logs.write() {
            logs.insert(service, log);
        }
    }

    /// A router holds the parts of its service, which hold us: the circle is cut when the process stops.
    pub(crate) fn clear(&self) {
        if let Ok(mut local) = self.local.write() {
            local.clear();
        }
    }

    fn local(&self, service: &str) -> Option<Router> {
        self.local.read().ok()?.get(service).cloned()
    }
}

impl Peers {
    pub(crate) fn new(own: &'static str, signer: Signer, shared: Arc<Shared>) -> Self {
        Self(Arc::new(View {
            signer,
            own: Caller::service(own),
            shared,
        }))
    }

    /// Whether `service` runs in this process.
    pub fn is_local(&self, service: &'static str) -> bool {
        self.0.shared.local(service).is_some()
    }

    /// The log of `service`, if that runs in this process.
    pub(crate) fn local_log(&self, service: &str) -> Option<OutboxLog> {
        self.0.shared.logs.read().ok()?.get(service).cloned()
    }

    /// Passes a request on in the name of `caller`; without one, as nobody. The request's URI is path and query.
    /// There is no deadline here: the caller sets one.
    pub async fn pass(
        &self,
        service: &'static str,
        caller: Option<&Caller>,
        mut request: Request<Body>,
    ) -> Result<Response<Body>, PeerError> {
        request.headers_mut().remove(header::AUTHORIZATION);
        let trace = telemetry::current_trace();
        if let Ok(value) = HeaderValue::from_str(&trace.to_string()) {
            request
                .headers_mut()
                .insert(HeaderName::from_static("traceparent"), value);
        }
        if let Some(router) = self.0.shared.local(service) {
            if let Some(caller) = caller {
                request.extensions_mut().insert(caller.clone());
            }
            return match router.oneshot(request).await {
                Ok(response) => Ok(response),
                Err(never) => match never {},
            };
        }
        let unreachable = |reason: String| PeerError::Unreachable { service, reason };
        let base = self
            .0
            .shared
            .remote
            .get(service)
            .ok_or_else(|| unreachable("it has no address".to_owned()))?;
        let path = request.uri().path_and_query().map_or("/", |p| p.as_str());
        let uri = format!("{base}{path}")
            .parse::<Uri>()
            .map_err(|e| unreachable(e.to_string()))?;
        *request.uri_mut() = uri;
        if let Some(caller) = caller {
            let token = self
                .0
                .signer
                .sign(caller, service)
                .ok_or_else(|| unreachable("no token".to_owned()))?;
            let value =
                HeaderValue::from_str(&format!("Bearer {token}")).map_err(|e| unreachable(e.to_string()))?;
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        let response = self
            .0
            .shared
            .client
            .request(request)
            .await
            .map_err(|e| unreachable(chain(&e)))?;
        Ok(response.map(Body::new))
    }

    /// Asks another service in our own name, JSON to JSON, within `limit`.
    pub async fn ask<Q: Serialize + Sync, A: DeserializeOwned>(
        &self,
        service: &'static str,
        method: Method,
        path: &str,
        question: Option<&Q>,
        limit: Duration,
    ) -> Result<A, PeerError> {
        let malformed = |source| PeerError::Malformed { service, source };
        let body = match question {
            Some(question) => Body::from(serde_json::to_vec(question).map_err(malformed)?),
            None => Body::empty(),
        };
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(body)
            .map_err(|e| PeerError::Unreachable {
                service,
                reason: e.to_string(),
            })?;
        let exchange = async {
            let response = self.pass(service, Some(&self.0.own), request).await?;
            let status = response.status();
            let bytes = http_body_util::Limited::new(response.into_body(), MAX_ANSWER)
                .collect()
                .await
                .map_err(|e| PeerError::Unreachable {
                    service,
                    reason: e.to_string(),
                })?
                .to_bytes();
            Ok::<(StatusCode, Bytes), PeerError>((status, bytes))
        };
        let (status, bytes) =
            tokio::time::timeout(limit, exchange)
                .await
                .map_err(|_| PeerError::Unreachable {
                    service,
                    reason: format!("no answer within {limit:?}"),
                })??;
        if !status.is_success() {
            let body = String::from_utf8_lossy(&bytes).chars().take(500).collect();
            return Err(PeerError::Refused {
                service,
                status,
                body,
            });
        }
        serde_json::from_slice(&bytes).map_err(malformed)
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |e| e.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
