//! HTTP, and what goes wrong with it.

use std::future::pending;
use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{Method, Request, Response, header};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpListener;

use super::account::{Account, Done, Reply, refused};
use super::behaviour::Behaviour;
use super::events::{Manner, Teller};
use super::form;
use super::keys::{Keys, Lead};
use super::{Inner, StripeDouble};

/// How long what is slow takes: longer than anyone waits.
const SLOW: Duration = Duration::from_secs(3);

/// The connection is closed here and now.
#[derive(Debug, thiserror::Error)]
#[error("broken off on order")]
struct Broken;

type Body = BoxBody<Bytes, Broken>;

pub(super) async fn start() -> StripeDouble {
    let port = servers::free_block(1).expect("a free port");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .expect("a port");
    let address = listener.local_addr().unwrap();
    let (hand_over, taken) = tokio::sync::oneshot::channel::<std::sync::Weak<Inner>>();
    let task = tokio::spawn(async move {
        let inner = taken.await.expect("a double");
        while let Ok((stream, _)) = listener.accept().await {
            let inner = inner.clone();
            tokio::spawn(async move {
                let service = service_fn(move |request| {
                    let double = inner.upgrade().map(StripeDouble);
                    async move { double.ok_or(Broken)?.answer(request).await }
                });
                let _over = http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    let double = StripeDouble(Arc::new(Inner {
        address,
        account: Account::new(format!("http://{address}")).into(),
        keys: Keys::default().into(),
        teller: Teller::new(),
        runtime: task.abort_handle(),
    }));
    assert!(hand_over.send(Arc::downgrade(&double.0)).is_ok());
    double
}

impl StripeDouble {
    async fn answer(&self, request: Request<Incoming>) -> Result<Response<Body>, Broken> {
        let header = |name: &str| {
            let value = request
                .headers()
                .get(name)
                .map(|value| value.to_str().unwrap().to_owned());
            value.unwrap_or_default()
        };
        let (key, bearer, version) = (
            header("idempotency-key"),
            header("authorization"),
            header("stripe-version"),
        );
        let is_form = header(header::CONTENT_TYPE.as_str()).starts_with("application/x-www-form-urlencoded");
        let (head, body) = request.into_parts();
        let body = body.collect().await.map_err(|_| Broken)?.to_bytes();
        assert!(!version.is_empty(), "the version of the API is pinned");
        if bearer != format!("Bearer {}", self.account().secret_key) {
            return Ok(whole(
                &refused(401, "invalid_request_error", "", "Invalid API Key provided").reply,
            ));
        }
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default());
        let text = String::from_utf8_lossy(&body).into_owned();
        let asked = match (&head.method, is_form) {
            (&Method::POST, true) => form::parse(&text),
            // A file: what it holds is not looked at.
            (&Method::POST, false) => Value::String(text),
            _ => form::parse(query),
        };
        if head.method != Method::POST {
            return Ok(whole(
                &self
                    .account()
                    .serve(head.method.as_str(), &path, &asked, "")
                    .reply,
            ));
        }
        assert!(!key.is_empty(), "{path} has no idempotency key");
        let lead = self.0.keys.lock().unwrap().claim(&key, &path, &asked);
        match lead {
            Lead::Known(reply) => Ok(whole(&reply)),
            Lead::Fresh => self.work(path, asked, key).await,
        }
    }

    /// Executes a request whose key is new, unless it is to be spoilt.
    async fn work(&self, path: String, asked: Value, key: String) -> Result<Response<Body>, Broken> {
        let behaviour = self
            .account()
            .behaviour(&path, &asked)
            .unwrap_or(Behaviour::Approve);
        let is_first = self.0.keys.lock().unwrap().spoils(&key);
        let before = match behaviour {
            Behaviour::Lose | Behaviour::Silence => Some(None),
            Behaviour::Fail => Some(Some(refused(500, "api_error", "", "it failed").reply)),
            Behaviour::Limit => Some(Some(
                refused(429, "invalid_request_error", "rate_limit", "slowly").reply,
            )),
            _ => None,
        };
        if let (Some(spoilt), true) = (before, is_first) {
            self.0.keys.lock().unwrap().let_go(&key);
            return match spoilt {
                Some(reply) => Ok(whole(&reply)),
                None if behaviour == Behaviour::Silence => pending().await,
                None => Err(Broken),
            };
        }
        // Goes on where nobody waits for it any more.
        let double = self.clone();
        let working = tokio::spawn(async move { double.execute(&path, &asked, &key, behaviour).await });
        let reply = working.await.map_err(|_| Broken)?;
        match behaviour {
            _ if behaviour.withholds() && is_first => pending().await,
            Behaviour::Cut if is_first => Ok(cut(&reply)),
            _ => Ok(whole(&reply)),
        }
    }

    async fn execute(&self, path: &str, asked: &Value, key: &str, behaviour: Behaviour) -> Reply {
        if behaviour == Behaviour::Slow {
            tokio::time::sleep(SLOW).await;
        }
        let Done {
            mut reply,
            events,
            is_kept,
        } = self.account().serve("POST", path, asked, key);
        if behaviour == Behaviour::FailAfter {
            reply = refused(500, "api_error", "", "it failed").reply;
        }
        if is_kept {
            self.0.keys.lock().unwrap().keep(key, reply.clone());
        } else {
            self.0.keys.lock().unwrap().let_go(key);
        }
        if events.iter().any(|event| event.manner == Manner::Early) {
            self.0.teller.tell(events).await;
        } else if !events.is_empty() {
            let double = self.clone();
            tokio::spawn(async move { double.0.teller.tell(events).await });
        }
        reply
    }
}

fn whole(reply: &Reply) -> Response<Body> {
    let body = Full::new(Bytes::from(reply.body.to_string()));
    response(reply, body.map_err(|never| match never {}).boxed())
}

/// Half of the answer, and then nothing.
fn cut(reply: &Reply) -> Response<Body> {
    let text = reply.body.to_string();
    let half = Bytes::copy_from_slice(&text.as_bytes()[..text.len() / 2]);
    let parts = stream::iter([Ok(Frame::data(half)), Err(Broken)]);
    response(reply, StreamBody::new(parts).boxed())
}

fn response(reply: &Reply, body: Body) -> Response<Body> {
    Response::builder()
        .status(reply.status)
        .header(header::CONTENT_TYPE, "application/json")
        .body(body)
        .unwrap()
}
