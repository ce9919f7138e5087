//! A client of the public API.

use std::time::Duration;

use anyhow::{Context, Result, ensure};
use axum::body::{Body, Bytes};
use http::response::Parts;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

/// Calls one address with one key. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    base: String,
    key: String,
    client: Client<HttpConnector, Body>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    /// The status.
    pub status: StatusCode,
    /// Whether it was kept from the first time.
    pub replayed: bool,
    /// The body; null where it is no JSON.
    pub body: Value,
}

impl Answer {
    /// The body, if the status is a success.
    pub fn ok(self) -> Result<Value> {
        ensure!(self.status.is_success(), "{}: {}", self.status, self.body);
        Ok(self.body)
    }

    /// The problem's code; empty where it is none.
    pub fn code(&self) -> &str {
        self.body.get("code").and_then(Value::as_str).unwrap_or_default()
    }
}

impl Api {
    /// A client of `base`, for example `http://127.0.0.1:8080`.
    pub fn new(base: impl Into<String>, key: impl Into<String>) -> Self {
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self {
            base: base.into(),
            key: key.into(),
            client,
        }
    }

    /// The address of the API.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The key that it shows.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The same address with another key.
    #[must_use]
    pub fn with_key(&self, key: &str) -> Self {
        Self {
            key: key.to_owned(),
            ..self.clone()
        }
    }

    /// Sends one request and reads the whole answer, within two minutes.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        body: Option<&Value>,
        headers: &[(&str, &str)],
    ) -> Result<Answer> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        if !self.key.is_empty() {
            request = request.header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        }
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(value) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(serde_json::to_vec(value)?)
            }
            None => Body::empty(),
        };
        let request = request.body(body)?;
        let (parts, bytes) = self.exchange(request).await?;
        let replayed = parts
            .headers
            .get("idempotent-replayed")
            .is_some_and(|v| v == "true");
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        Ok(Answer {
            status: parts.status,
            replayed,
            body,
        })
    }

    async fn exchange(&self, request: Request<Body>) -> Result<(Parts, Bytes)> {
        let target = request.uri().to_string();
        let exchange = async {
            let response = self.client.request(request).await.with_context(|| target)?;
            let (parts, body) = response.into_parts();
            Ok((parts, body.collect().await?.to_bytes()))
        };
        tokio::time::timeout(Duration::from_mins(2), exchange)
            .await
            .context("no answer within two minutes")?
    }

    /// GET, and the text of a success: for what is not JSON.
    pub async fn text(&self, path: &str) -> Result<String> {
        let request = Request::get(format!("{}{path}", self.base)).body(Body::empty())?;
        let (parts, bytes) = self.exchange(request).await?;
        ensure!(parts.status.is_success(), "{path}: {}", parts.status);
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// GET, and the body of a success.
    pub async fn get(&self, path: &str) -> Result<Value> {
        self.send(Method::GET, path, None, None, &[]).await?.ok()
    }

    /// POST under a key.
    pub async fn post(&self, path: &str, key: &str, body: &Value) -> Result<Answer> {
        self.send(Method::POST, path, Some(key), Some(body), &[]).await
    }

    /// All things of a list, page by page.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>> {
        let joint = if path.contains('?') { '&' } else { '?' };
        let mut found = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = self.get(&format!("{path}{joint}limit=100{cursor}")).await?;
            if let Some(Value::Array(items)) = page.get("data") {
                found.extend(items.iter().cloned());
            }
            match page.get("next_cursor").and_then(Value::as_str) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return Ok(found),
            }
        }
    }
}
