//! The page at `/`: what this is, and whether its services are up.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use chassis::{Clock, Peers};
use chrono::TimeDelta;
use futures::future::join_all;
use http::{Request, header};

use crate::Gate;
use crate::kept::Kept;
use crate::routes::SERVICES;

/// How long a service may take to say that it is ready.
const LIMIT: Duration = Duration::from_secs(1);
/// How long what they said is shown: whoever reloads the page asks nobody anew.
const LIFE: TimeDelta = TimeDelta::seconds(2);

/// The page allows nothing but itself.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

const HEAD: &str = r#"<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Jeongsan 정산</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.6 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }
h1 { margin-bottom: 0; }
table { border-collapse: collapse; margin: 1rem 0; }
td, th { text-align: left; padding: .25rem 1.5rem .25rem 0; }
code { font-size: .95em; }
.up { color: #178a3a; }
.down { color: #c62828; font-weight: 600; }
</style>
</head>
<body>
<h1>Jeongsan 정산</h1>
<p>Payments for marketplaces, settlement with partners, and the books.<br>
<span lang="ko">마켓플레이스의 결제, 파트너 정산, 회계 장부.</span></p>
<ul>
<li><a href="/docs/">API documentation</a> to read and try</li>
<li><a href="/openapi.json">OpenAPI 3.1 document</a> for programs</li>
<li><a href="/asyncapi.json">AsyncAPI 3.0 document</a> of the events</li>
</ul>
<p>Programs send <code>Authorization: Bearer sk_...</code>; people log in with <code>POST /v1/sessions</code>.</p>
<h2>Services</h2>
<table>
<tr><th>service</th><th>state</th></tr>
"#;

const FOOT: &str = "</table>\n</body>\n</html>\n";

/// Asks the services and keeps what they said.
pub(crate) struct Landing {
    peers: Peers,
    clock: Arc<dyn Clock>,
    ready: Kept<Vec<bool>>,
}

impl Landing {
    /// Nobody is asked yet.
    pub(crate) fn new(peers: Peers, clock: Arc<dyn Clock>) -> Self {
        Self {
            peers,
            clock,
            ready: Kept::for_at_most(LIFE),
        }
    }

    /// Whether each of [`SERVICES`] is ready.
    async fn ready(&self) -> Vec<bool> {
        let now = self.clock.now();
        if let Some(ready) = self.ready.get(now) {
            return ready;
        }
        let ready = join_all(SERVICES.iter().map(|service| self.is_ready(service))).await;
        self.ready.put(now, ready.clone());
        ready
    }

    async fn is_ready(&self, service: &'static str) -> bool {
        let Ok(request) = Request::get("/readyz").body(Body::empty()) else {
            return false;
        };
        let asked = tokio::time::timeout(LIMIT, self.peers.pass(service, None, request)).await;
        matches!(asked, Ok(Ok(response)) if response.status().is_success())
    }
}

/// The page.
pub(crate) async fn show(State(gate): State<Arc<Gate>>) -> Response {
    let ready = gate.landing.ready().await;
    let headers = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, Html(page(&ready))).into_response()
}

fn page(ready: &[bool]) -> String {
    let mut text = HEAD.to_owned();
    for (service, ready) in SERVICES.iter().zip(ready) {
        let (class, state) = if *ready {
            ("up", "ready")
        } else {
            ("down", "not ready")
        };
        // Writing into a string does not fail.
        let _ = writeln!(
            text,
            "<tr><td>{service}</td><td class=\"{class}\">{state}</td></tr>"
        );
    }
    text.push_str(FOOT);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_shows_each_service_and_loads_nothing() {
        let mut ready = vec![true; SERVICES.len()];
        ready[2] = false;
        let page = page(&ready);
        assert!(page.contains("<td>payment</td><td class=\"down\">not ready</td>"));
        assert!(page.contains("<td>user</td><td class=\"up\">ready</td>"));
        assert!(!page.contains("src=") && !page.contains("http"));
    }
}
