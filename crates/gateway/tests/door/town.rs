//! Running services and a client outside.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;

use axum::body::Body;
use chassis::{BASE_KEYS, Host, Service, Settings, Sources, SystemClock};
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt as _;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tempfile::TempDir;

use crate::stand_in;

/// Whether the gateway calls the services or speaks HTTP with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Together,
    Apart,
}

pub(crate) const SHAPES: [Shape; 2] = [Shape::Together, Shape::Apart];

pub(crate) struct Town {
    hosts: Vec<Host>,
    client: Client<HttpConnector, Body>,
    pub(crate) base: u16,
    /// The administrator's key.
    pub(crate) key: String,
    pub(crate) data_dir: TempDir,
    _users: testkit::Database,
    _held: TcpListener,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) json: Value,
    pub(crate) text: String,
}

impl Town {
    pub(crate) async fn build(shape: Shape, flags: &[(&str, &str)]) -> Self {
        let data_dir = tempfile::tempdir().unwrap();
        let (base, held) = ports();
        let mut all = vec![
            ("data_dir".to_owned(), data_dir.path().display().to_string()),
            ("ports.base".to_owned(), base.to_string()),
        ];
        all.extend(flags.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let every = [
            user::service(),
            stand_in::payment(),
            stand_in::settlement(),
            gateway::service(),
        ];
        let keys = BASE_KEYS
            .iter()
            .chain(every.iter().flat_map(|s| s.settings))
            .copied();
        let sources = Sources {
            flags: all,
            ..Sources::default()
        };
        let settings = Arc::new(Settings::load(keys, &sources).unwrap());
        let users = testkit::Database::for_service(&user::service()).await;
        let databases = BTreeMap::from([("user", users.url().to_owned())]);
        let [user, payment, _, gateway] = every;
        let processes: Vec<Vec<Service>> = match shape {
            Shape::Together => vec![vec![user, payment, gateway]],
            Shape::Apart => vec![vec![user, payment], vec![gateway]],
        };
        let mut hosts = Vec::new();
        for services in processes {
            let metrics = telemetry::init_metrics();
            let clock = Arc::new(SystemClock);
            let settings = Arc::clone(&settings);
            let host = Host::start(&services, &every, settings, &databases, clock, metrics, None).await;
            hosts.push(host.unwrap_or_else(|e| panic!("{e}")));
        }
        let key = std::fs::read_to_string(data_dir.path().join("admin.key")).unwrap();
        Self {
            hosts,
            client: Client::builder(TokioExecutor::new()).build_http(),
            base,
            key: key.trim().to_owned(),
            data_dir,
            _users: users,
            _held: held,
        }
    }

    /// Sends a request to the gateway.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Into<Body>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://127.0.0.1:{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(body.into()).unwrap();
        let (head, body) = self.client.request(request).await.unwrap().into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            json: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    pub(crate) async fn get(&self, credential: &str, path: &str) -> Answer {
        let bearer = format!("Bearer {credential}");
        self.send(Method::GET, path, &[("authorization", &bearer)], "")
            .await
    }

    /// Sends JSON as the administrator.
    pub(crate) async fn change(&self, method: Method, path: &str, body: &Value) -> Answer {
        let bearer = format!("Bearer {}", self.key);
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.send(method, path, &headers, body.to_string()).await
    }

    /// Logs the first administrator in.
    pub(crate) async fn log_in(&self, cookie: bool) -> Answer {
        let password = std::fs::read_to_string(self.data_dir.path().join("admin.password")).unwrap();
        let body = serde_json::json!({ "login": "admin", "password": password.trim(), "cookie": cookie });
        let headers = [("content-type", "application/json")];
        self.send(Method::POST, "/v1/sessions", &headers, body.to_string())
            .await
    }

    pub(crate) async fn stop(self) {
        for host in self.hosts.into_iter().rev() {
            host.stop().await;
        }
    }
}

/// Free ports for the gateway and the services behind it. The last one is held, so that no other test takes them.
fn ports() -> (u16, TcpListener) {
    let free = |port| TcpListener::bind((Ipv4Addr::LOCALHOST, port)).ok();
    loop {
        let base = 12_000 + 16 * rand::random_range(0..1_200_u16);
        if let Some(held) = free(base + 15)
            && (base..base + 15).all(|port| free(port).is_some())
        {
            return (base, held);
        }
    }
}
