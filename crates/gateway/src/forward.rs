//! Passing a request on: route, authenticate, limit, pass, answer.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::body::{Body, HttpBody as _};
use axum::extract::{ConnectInfo, Request, State};
use axum::response::Response;
use chassis::PeerError;
use contracts::Caller;
use contracts::internal::Credential;
use http::request::Parts;
use http::{Extensions, HeaderMap, Method, Uri, header};
use telemetry::{current_trace, with_trace};
use web::RequestId;

use crate::Gate;
use crate::answer::Refusal;
use crate::body::{self, Overflow};
use crate::credential::{self, Shown};
use crate::headers::{self, Known};
use crate::routes::{self, Target};

/// Passes a request on to the service that answers its address.
pub(crate) async fn forward(State(gate): State<Arc<Gate>>, request: Request) -> Result<Response, Refusal> {
    let target = routes::find(request.method(), request.uri().path()).ok_or(Refusal::NoRoute)?;
    let outcome = if target.changes_access {
        // Who was let in is forgotten, even where the client goes away before the answer.
        let method = request.method().clone();
        let exchange = async move { gate.in_time(target, request).await };
        tokio::spawn(with_trace(current_trace(), exchange))
            .await
            .unwrap_or_else(|_| Err(Refusal::late(target.service, &method)))
    } else {
        gate.in_time(target, request).await
    };
    let result = if outcome.is_ok() { "answered" } else { "refused" };
    metrics::counter!("jeongsan_gateway_requests_total", "service" => target.service, "result" => result)
        .increment(1);
    outcome
}

impl Gate {
    async fn in_time(&self, target: Target, request: Request) -> Result<Response, Refusal> {
        let method = request.method().clone();
        tokio::time::timeout(self.timeout, self.exchange(target, request))
            .await
            .unwrap_or_else(|_| Err(Refusal::late(target.service, &method)))
    }

    async fn exchange(&self, target: Target, request: Request) -> Result<Response, Refusal> {
        let (parts, body) = request.into_parts();
        let shown = match credential::shown(&parts.method, &parts.headers) {
            _ if target.open => None,
            Shown::Nothing => return Err(Refusal::Nobody),
            Shown::ByAnotherSite => return Err(Refusal::AnotherSite),
            Shown::Credential(credential) => Some(credential),
        };
        let caller = match &shown {
            None => None,
            Some(credential) => Some(self.callers.who(credential).await?.ok_or(Refusal::Nobody)?),
        };
        let limit = target.body_limit.unwrap_or(self.body_limit);
        if announced(&parts.headers).is_some_and(|length| length > limit) {
            return Err(Refusal::TooLarge { limit });
        }
        let overflow = Overflow::default();
        let empty = body.is_end_stream();
        let onward = Onward::new(&parts, target, shown.as_ref());
        let body = body::limited(body, limit, &overflow);
        let answered = self.pass(target, caller.as_ref(), &onward, body, empty).await;
        if overflow.happened() {
            return Err(Refusal::TooLarge { limit });
        }
        let response = answered?;
        if target.changes_access && response.status().is_success() {
            self.callers.forget();
        }
        Ok(self.cleaned(target, response))
    }

    /// A request that changes nothing and has no body is tried once more where the service was not reached.
    async fn pass(
        &self,
        target: Target,
        caller: Option<&Caller>,
        onward: &Onward,
        body: Body,
        empty: bool,
    ) -> Result<Response, PeerError> {
        let first = self
            .peers
            .pass(target.service, caller, onward.request(body))
            .await;
        match first {
            Err(PeerError::Unreachable { service, reason }) if empty && onward.method.is_safe() => {
                tracing::debug!(service, reason, "not reached, trying once more");
                let again = onward.request(Body::empty());
                self.peers.pass(target.service, caller, again).await
            }
            outcome => outcome,
        }
    }

    fn cleaned(&self, target: Target, response: Response) -> Response {
        let (mut parts, body) = response.into_parts();
        headers::strip_hop_by_hop(&mut parts.headers);
        parts.extensions = Extensions::new();
        // An answer from this process is there as a whole.
        let body = if self.peers.is_local(target.service) {
            body
        } else {
            body::impatient(body, self.timeout)
        };
        Response::from_parts(parts, body)
    }
}

/// A request as it goes on, without its body. It has none of the received one's extensions: who calls is only what
/// we say.
struct Onward {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
}

impl Onward {
    fn new(received: &Parts, target: Target, shown: Option<&Credential>) -> Self {
        let known = Known {
            client: client(&received.extensions),
            request_id: received
                .extensions
                .get::<RequestId>()
                .map_or("", |id| id.0.as_str()),
            session_token: shown
                .filter(|_| target.own_session)
                .and_then(credential::session_token),
        };
        let path = received.uri.path_and_query().cloned();
        Self {
            method: received.method.clone(),
            uri: path.map_or_else(Uri::default, Uri::from),
            headers: headers::onward(&received.headers, &known),
        }
    }

    fn request(&self, body: Body) -> Request {
        let mut request = Request::new(body);
        request.method_mut().clone_from(&self.method);
        request.uri_mut().clone_from(&self.uri);
        request.headers_mut().clone_from(&self.headers);
        request
    }
}

fn client(extensions: &Extensions) -> Option<IpAddr> {
    extensions
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(address)| address.ip())
}

fn announced(headers: &HeaderMap) -> Option<usize> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
