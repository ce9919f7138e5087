//! What the double knows: one account.

use std::collections::BTreeMap;

use chassis::{Clock as _, SystemClock};
use serde_json::{Value, json};

use super::SECRET_KEY;
use super::behaviour::Behaviour;
use super::disputes::Dispute;
use super::events::Event;
use super::intents::Intent;
use super::refunds::Refund;

/// An answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reply {
    pub(super) status: u16,
    pub(super) body: Value,
}

/// What an answered request did beside.
pub(super) struct Done {
    pub(super) reply: Reply,
    pub(super) events: Vec<Event>,
    /// Whether the request was tried at all: what fails before that is not kept under its key.
    pub(super) is_kept: bool,
}

/// An operation that moved money, or let it go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// As the payment service calls it; `cancel` for what waited for a buyer.
    pub operation: &'static str,
    /// The key that it was sent under.
    pub key: String,
    /// For how much, in Stripe's units.
    pub amount: i64,
}

/// An account.
pub(super) struct Account {
    pub(super) base: String,
    pub(super) secret_key: String,
    pub(super) intents: BTreeMap<String, Intent>,
    pub(super) refunds: Vec<Refund>,
    pub(super) disputes: BTreeMap<String, Dispute>,
    pub(super) executed: Vec<Executed>,
    pub(super) is_searchable: bool,
    names: u32,
}

impl Account {
    pub(super) fn new(base: String) -> Self {
        Self {
            base,
            secret_key: SECRET_KEY.to_owned(),
            intents: BTreeMap::new(),
            refunds: Vec::new(),
            disputes: BTreeMap::new(),
            executed: Vec::new(),
            is_searchable: false,
            names: 0,
        }
    }

    /// A new name, unlike any of another double.
    pub(super) fn name(&mut self, kind: &str) -> String {
        self.names += 1;
        format!(
            "{kind}_{:04}_{}",
            self.names,
            self.base.rsplit(':').next().unwrap()
        )
    }

    /// Seconds since 1970.
    pub(super) fn now() -> i64 {
        SystemClock.now().timestamp()
    }

    pub(super) fn did(&mut self, operation: &'static str, key: &str, amount: i64) {
        let key = key.to_owned();
        self.executed.push(Executed {
            operation,
            key,
            amount,
        });
    }

    /// How the charge is treated that a request is about.
    pub(super) fn behaviour(&self, path: &str, form: &Value) -> Option<Behaviour> {
        let named = |intent: &str| self.intents.get(intent).map(|intent| intent.behaviour);
        let parts: Vec<_> = path.split('/').collect();
        match *parts.as_slice() {
            ["", "v1", "payment_intents"] => Behaviour::of(form["payment_method"].as_str()?),
            ["", "v1", "payment_intents", intent, ..] => named(intent),
            ["", "v1", "refunds"] => named(form["payment_intent"].as_str()?),
            _ => Some(Behaviour::Approve),
        }
    }

    /// Does what is asked.
    pub(super) fn serve(&mut self, method: &str, path: &str, form: &Value, key: &str) -> Done {
        let parts: Vec<_> = path.split('/').collect();
        match (method, parts.as_slice()) {
            ("POST", ["", "v1", "payment_intents"]) => self.create(form),
            ("GET", ["", "v1", "payment_intents", "search"]) => found(self.search(form)),
            ("GET", ["", "v1", "payment_intents", intent]) => found(self.intent(intent)),
            ("POST", ["", "v1", "payment_intents", intent, "capture"]) => self.capture(intent, form),
            ("POST", ["", "v1", "payment_intents", intent, "increment_authorization"]) => {
                self.increment(intent, form)
            }
            ("POST", ["", "v1", "payment_intents", intent, "cancel"]) => self.cancel(intent, form, key),
            ("POST", ["", "v1", "refunds"]) => self.refund(form),
            ("GET", ["", "v1", "refunds"]) => found(Some(self.list_refunds(form))),
            ("GET", ["", "v1", "disputes", dispute]) => found(Some(self.read_dispute(dispute))),
            ("POST", ["", "v1", "disputes", dispute]) => self.hear(dispute, form),
            ("POST", ["", "v1", "files"]) => {
                let id = self.name("file");
                done(
                    json!({"id": id, "object": "file", "purpose": "dispute_evidence"}),
                    Vec::new(),
                )
            }
            _ => refused(404, "invalid_request_error", "resource_missing", "no such thing"),
        }
    }
}

/// A success that is kept.
pub(super) fn done(body: Value, events: Vec<Event>) -> Done {
    let reply = Reply { status: 200, body };
    Done {
        reply,
        events,
        is_kept: true,
    }
}

/// A no. What is refused as a form (400, 404) was not tried; what a bank refuses (402) was.
pub(super) fn refused(status: u16, kind: &str, code: &str, message: &str) -> Done {
    let body = json!({"error": {"type": kind, "code": code, "message": message}});
    Done {
        reply: Reply { status, body },
        events: Vec::new(),
        is_kept: status == 402,
    }
}

pub(super) fn invalid(code: &str, message: &str) -> Done {
    refused(400, "invalid_request_error", code, message)
}

fn found(body: Option<Value>) -> Done {
    match body {
        Some(body) => done(body, Vec::new()),
        None => refused(404, "invalid_request_error", "resource_missing", "no such thing"),
    }
}
