//! The way to Stripe: HTTPS, with our key in a header.

use std::time::Duration;

use axum::http::{HeaderValue, Request, StatusCode, Uri, header};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde::de::DeserializeOwned;

use super::ask::{Ask, Host};
use super::refusal::Refusal;

/// The version of Stripe's API that the requests and the types of answers here are written for. Without it, whoever
/// looks after the account changes their form by a click. The endpoint of webhooks is to have the same one.
pub(super) const API_VERSION: &str = "2026-08-26.dahlia";
/// The longest answer that is read, in bytes: a hundred refunds are about 100 KiB.
const LONGEST_ANSWER: usize = 4 * 1024 * 1024;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
/// Shorter than load balancers keep a connection that is not used.
const IDLE: Duration = Duration::from_secs(30);

/// The secret key of an account. It can be sent and not be shown.
#[derive(Clone)]
pub(super) struct SecretKey(HeaderValue);

impl SecretKey {
    /// None where it can't stand in a header.
    fn new(key: &str) -> Option<Self> {
        let mut value = HeaderValue::from_str(&format!("Bearer {key}")).ok()?;
        value.set_sensitive(true);
        Some(Self(value))
    }
}

/// Why there is no answer that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Fault {
    /// Stripe said no, or that it can't.
    Refused(Refusal),
    /// Nobody said anything that can be read.
    Silent(String),
}

/// A client of one account.
pub(super) struct Wire {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    key: SecretKey,
    api: String,
    files: String,
}

impl Wire {
    /// The error says what is wrong with the settings, and shows no key.
    pub(super) fn new(key: &str, api: &str, files: &str) -> Result<Self, String> {
        let key = SecretKey::new(key)
            .ok_or("payment.stripe_secret_key has characters that no key has: copy it once more")?;
        let mut tcp = HttpConnector::new();
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_TIMEOUT));
        // It is asked for https addresses too, and leaves the encryption to who asks.
        tcp.enforce_http(false);
        let tls = HttpsConnectorBuilder::new()
            .with_provider_and_native_roots(rustls::crypto::ring::default_provider())
            .map_err(|error| format!("the authorities of this machine can't be read: {error}"))?
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        Ok(Self {
            client: Client::builder(TokioExecutor::new())
                .pool_idle_timeout(IDLE)
                .build(tls),
            key,
            api: base("payment.stripe_url", api)?,
            files: base("payment.stripe_files_url", files)?,
        })
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, ask: &Ask<'_>) -> Result<T, Fault> {
        let (status, body) = self.exchange(ask).await.map_err(Fault::Silent)?;
        if !status.is_success() {
            return Err(Fault::Refused(Refusal::read(status, &body)));
        }
        serde_json::from_slice(&body).map_err(|error| Fault::Silent(error.to_string()))
    }

    /// Status and body of the answer; the error says why there is none.
    pub(super) async fn exchange(&self, ask: &Ask<'_>) -> Result<(StatusCode, Bytes), String> {
        let sent = ask.encode();
        let base = match ask.host() {
            Host::Api => &self.api,
            Host::Files => &self.files,
        };
        let mut request = Request::builder()
            .method(sent.method)
            .uri(format!("{base}{}", sent.path))
            .header(header::AUTHORIZATION, self.key.0.clone())
            .header("stripe-version", API_VERSION);
        if let Some(content_type) = sent.content_type {
            request = request.header(header::CONTENT_TYPE, content_type);
        }
        if let Some(key) = sent.idempotency_key {
            request = request.header("idempotency-key", key);
        }
        let request = request
            .body(Full::new(Bytes::from(sent.body)))
            .map_err(|error| error.to_string())?;
        let answer = self
            .client
            .request(request)
            .await
            .map_err(|error| chain(&error))?;
        let (head, body) = answer.into_parts();
        let body = Limited::new(body, LONGEST_ANSWER)
            .collect()
            .await
            .map_err(|error| error.to_string())?;
        Ok((head.status, body.to_bytes()))
    }
}

/// The address without a slash at its end. Our key goes over plain HTTP to this machine only, where a test listens.
fn base(setting: &str, text: &str) -> Result<String, String> {
    let text = text.trim_end_matches('/');
    let uri = text.parse::<Uri>().ok();
    let fits = uri.is_some_and(|uri| match uri.scheme_str() {
        Some("https") => uri.host().is_some(),
        Some("http") => matches!(uri.host(), Some("127.0.0.1" | "localhost" | "[::1]")),
        _ => false,
    });
    if fits {
        return Ok(text.to_owned());
    }
    Err(format!(
        "{setting} is not an address of the form https://api.stripe.com"
    ))
}

fn chain(error: &dyn std::error::Error) -> String {
    std::iter::successors(error.source(), |e| e.source())
        .fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_goes_to_nobody_in_the_clear_but_this_machine() {
        for (text, expected) in [
            ("https://api.stripe.com", Some("https://api.stripe.com")),
            (
                "https://proxy.example:8443/stripe/",
                Some("https://proxy.example:8443/stripe"),
            ),
            ("http://127.0.0.1:12111", Some("http://127.0.0.1:12111")),
            ("http://localhost:1/", Some("http://localhost:1")),
            ("http://api.stripe.com", None),
            ("http://127.0.0.1.example", None),
            ("api.stripe.com", None),
            ("", None),
        ] {
            assert_eq!(base("a.setting", text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_key_is_not_shown_where_it_is_wrong() {
        let Err(told) = Wire::new("sk_live_secret\n", "https://a.example", "https://a.example") else {
            panic!("a key with a line end");
        };
        assert!(!told.contains("secret\n") && !told.contains("sk_live"), "{told}");
        let key = SecretKey::new("sk_live_secret").unwrap();
        assert!(!format!("{:?}", key.0).contains("sk_live"));
    }
}
