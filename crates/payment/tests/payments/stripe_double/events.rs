//! Webhooks, signed as Stripe signs them.

use std::net::SocketAddr;
use std::sync::Mutex;

use bytes::Bytes;
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{Request, header};
use http_body_util::Full;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::{Value, json};
use sha2::Sha256;

use super::WEBHOOK_SECRET;
use super::account::Account;
use super::behaviour::Behaviour;

/// What is odd about a webhook.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Nothing.
    Plain,
    /// It comes twice.
    Twice,
    /// It comes before the answer.
    Early,
    /// It is signed wrongly, and then rightly.
    Wrongly,
}

impl Manner {
    pub(super) fn of(behaviour: Behaviour) -> Self {
        match behaviour {
            Behaviour::TellTwice => Self::Twice,
            Behaviour::TellEarly => Self::Early,
            Behaviour::TellWrongly => Self::Wrongly,
            _ => Self::Plain,
        }
    }
}

/// Something to tell.
#[derive(Debug, Clone)]
pub struct Event {
    body: String,
    pub(super) manner: Manner,
}

impl Event {
    pub(super) fn plain(kind: &'static str, object: &Value) -> Self {
        Self::new(kind, object, Manner::Plain)
    }

    pub(super) fn new(kind: &'static str, object: &Value, manner: Manner) -> Self {
        let id = format!("evt_{:032x}", rand::random::<u128>());
        let body = json!({"id": id, "object": "event", "type": kind, "created": Account::now(), "livemode": false,
                          "api_version": "2026-08-26.dahlia", "data": {"object": object}});
        Self {
            body: body.to_string(),
            manner,
        }
    }
}

/// `t=SECONDS,v1=...`
pub fn signature(secret: &str, seconds: i64, body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{seconds}.{body}").as_bytes());
    format!("t={seconds},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// Who delivers.
pub(super) struct Teller {
    target: Mutex<Option<SocketAddr>>,
    answers: Mutex<Vec<u16>>,
    client: Client<HttpConnector, Full<Bytes>>,
}

impl Teller {
    pub(super) fn new() -> Self {
        Self {
            target: Mutex::default(),
            answers: Mutex::default(),
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    pub(super) fn aim(&self, target: SocketAddr) {
        *self.target.lock().unwrap() = Some(target);
    }

    pub(super) fn deliveries(&self) -> Vec<u16> {
        self.answers.lock().unwrap().clone()
    }

    /// Delivers each, in its manner. Returns when all were answered.
    pub(super) async fn tell(&self, events: Vec<Event>) {
        for event in events {
            if event.manner == Manner::Wrongly {
                self.deliver(&event, "whsec_of_somebody_else").await;
            }
            self.deliver(&event, WEBHOOK_SECRET).await;
            if event.manner == Manner::Twice {
                self.deliver(&event, WEBHOOK_SECRET).await;
            }
        }
    }

    async fn deliver(&self, event: &Event, secret: &str) {
        let target = self.target.lock().unwrap().expect("somebody to tell");
        let request = Request::post(format!("http://{target}/v1/webhooks/stripe"))
            .header(header::CONTENT_TYPE, "application/json")
            .header("stripe-signature", signature(secret, Account::now(), &event.body))
            .body(Full::new(Bytes::from(event.body.clone())))
            .unwrap();
        // A payment service that has stopped meanwhile hears nothing.
        if let Ok(answer) = self.client.request(request).await {
            self.answers.lock().unwrap().push(answer.status().as_u16());
        }
    }
}
