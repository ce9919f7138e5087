//! The public API, as commands call it: through the gateway, with the administrator's key of the data folder.

use std::time::Duration;

use bytes::Bytes;
use chassis::Settings;
use http::{Method, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;

use crate::fault::Fault;
use crate::settings;

/// How long one request may take.
const LIMIT: Duration = Duration::from_mins(1);

/// Calls the gateway. Cheap to clone; clones share connections.
#[derive(Clone)]
pub(crate) struct Api {
    base: String,
    key: String,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// Its status.
    pub(crate) status: StatusCode,
    /// Its body; null where that is no JSON.
    pub(crate) body: Value,
}

impl Answer {
    /// The body of a success; the title, detail and fields of a problem otherwise.
    pub(crate) fn success(self) -> Result<Value, Fault> {
        if self.status.is_success() {
            return Ok(self.body);
        }
        let said = problem(&self.body);
        let text = format!("the platform answered {}{said}", self.status);
        Err(match self.status {
            StatusCode::UNAUTHORIZED => Fault::Refused(format!(
                "{text}; set api_key, or run the command on the data folder of the platform"
            )),
            StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                Fault::Unreachable(text)
            }
            _ => Fault::Refused(text),
        })
    }
}

impl Api {
    /// The gateway of these settings.
    pub(crate) fn new(settings: &Settings) -> Result<Self, Fault> {
        let base = settings::gateway_url(settings);
        if !base.starts_with("http://") {
            return Err(Fault::Settings(format!(
                "gateway.url = {base}: commands speak plain HTTP; name the gateway's own address, http://host:port"
            )));
        }
        let key = api_key(settings)?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(Duration::from_secs(20))
            .build(connector);
        Ok(Self { base, key, client })
    }

    /// `GET`, and the body of a success.
    pub(crate) async fn get(&self, path: &str) -> Result<Value, Fault> {
        self.send(Method::GET, path, None, None).await?.success()
    }

    /// `POST` under an `Idempotency-Key`: repeated with the same key and body, it happens once.
    pub(crate) async fn post(
        &self,
        path: &str,
        idempotency_key: &str,
        body: &Value,
    ) -> Result<Answer, Fault> {
        self.send(Method::POST, path, Some(idempotency_key), Some(body))
            .await
    }

    /// Any request.
    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        idempotency_key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, Fault> {
        let silent = |reason: String| {
            Fault::Unreachable(format!(
                "the gateway at {} does not answer: {reason}; start it with `jeongsan up`, or set ports.base or gateway.url",
                self.base
            ))
        };
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base))
            .header(header::AUTHORIZATION, format!("Bearer {}", self.key));
        if let Some(key) = idempotency_key {
            request = request.header("idempotency-key", key);
        }
        if body.is_some() {
            request = request.header(header::CONTENT_TYPE, "application/json");
        }
        let content = body.map_or_else(Bytes::new, |body| Bytes::from(body.to_string()));
        let request = request
            .body(Full::new(content))
            .map_err(|e| Fault::Settings(format!("{}: {e}", self.base)))?;
        let exchange = async {
            let answer = self
                .client
                .request(request)
                .await
                .map_err(|e| silent(crate::fault::chain(&e)))?;
            let (head, body) = answer.into_parts();
            let bytes = body
                .collect()
                .await
                .map_err(|e| silent(e.to_string()))?
                .to_bytes();
            Ok(Answer {
                status: head.status,
                body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            })
        };
        tokio::time::timeout(LIMIT, exchange)
            .await
            .unwrap_or_else(|_| Err(silent(format!("nothing within {LIMIT:?}"))))
    }
}

/// The key to show to the gateway: `api_key`, else the administrator's in the data folder. A secret.
pub(crate) fn api_key(settings: &Settings) -> Result<String, Fault> {
    if let Some(key) = settings.given("api_key") {
        return Ok(key.to_owned());
    }
    let path = settings::data_dir(settings).join("admin.key");
    match std::fs::read_to_string(&path) {
        Ok(text) => Ok(text.trim().to_owned()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Fault::Settings(format!(
            "no API key: set api_key, or start the platform on this data folder, which makes {}",
            path.display()
        ))),
        Err(error) => Err(Fault::failed(path.display(), &error)),
    }
}

/// What a problem document says, for a person.
fn problem(body: &Value) -> String {
    let text = |value: &Value, name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    let mut parts: Vec<String> = ["title", "detail"]
        .iter()
        .filter_map(|name| text(body, name))
        .collect();
    for error in body.get("errors").and_then(Value::as_array).into_iter().flatten() {
        let (pointer, detail) = (text(error, "pointer"), text(error, "detail"));
        parts.push(format!(
            "{}: {}",
            pointer.unwrap_or_default(),
            detail.unwrap_or_default()
        ));
    }
    parts.extend(text(body, "request_id").map(|id| format!("request {id}")));
    std::iter::once(String::new())
        .chain(parts)
        .collect::<Vec<_>>()
        .join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn answer(status: StatusCode) -> Answer {
        let body =
            json!({ "title": "No", "detail": "why", "errors": [{ "pointer": "/a", "detail": "short" }] });
        Answer { status, body }
    }

    #[test]
    fn a_refusal_says_what_the_platform_said() {
        let Err(Fault::Refused(text)) = answer(StatusCode::CONFLICT).success() else {
            panic!("refused")
        };
        assert_eq!(text, "the platform answered 409 Conflict; No; why; /a: short");
    }

    #[test]
    fn the_kind_of_failure_decides_the_exit_code() {
        for (status, unreachable) in [
            (StatusCode::SERVICE_UNAVAILABLE, true),
            (StatusCode::FORBIDDEN, false),
        ] {
            let fault = answer(status).success().unwrap_err();
            assert_eq!(matches!(fault, Fault::Unreachable(_)), unreachable, "{status}");
        }
        assert!(answer(StatusCode::CREATED).success().is_ok());
    }
}
