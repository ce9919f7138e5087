//! Idempotency keys: <https://docs.stripe.com/api/idempotent_requests>.

use std::collections::{HashMap, HashSet};

use serde_json::{Value, json};

use super::account::Reply;

/// What was asked and answered under each key, and which were spoilt once.
#[derive(Default)]
pub(super) struct Keys {
    known: HashMap<String, Known>,
    spoilt: HashSet<String>,
}

struct Known {
    /// Path and parameters.
    asked: (String, Value),
    /// None while it is worked on.
    reply: Option<Reply>,
}

/// What a key leads to.
pub(super) enum Lead {
    /// Nobody has it: it is worked on from now on.
    Fresh,
    /// It leads to this.
    Known(Reply),
}

impl Keys {
    pub(super) fn claim(&mut self, key: &str, path: &str, form: &Value) -> Lead {
        let asked = (path.to_owned(), form.clone());
        let Some(known) = self.known.get(key) else {
            let known = Known { asked, reply: None };
            self.known.insert(key.to_owned(), known);
            return Lead::Fresh;
        };
        Lead::Known(if known.asked != asked {
            refusal(400, "the key was used with other parameters", "")
        } else if let Some(reply) = &known.reply {
            reply.clone()
        } else {
            refusal(409, "the key is in use", "idempotency_key_in_use")
        })
    }

    /// Nothing was executed under it.
    pub(super) fn let_go(&mut self, key: &str) {
        self.known.remove(key);
    }

    pub(super) fn keep(&mut self, key: &str, reply: Reply) {
        if let Some(known) = self.known.get_mut(key) {
            known.reply = Some(reply);
        }
    }

    /// Whether this is the first time that the key is seen.
    pub(super) fn spoils(&mut self, key: &str) -> bool {
        self.spoilt.insert(key.to_owned())
    }
}

fn refusal(status: u16, message: &str, code: &str) -> Reply {
    let body = json!({"error": {"type": "idempotency_error", "code": code, "message": message}});
    Reply { status, body }
}
