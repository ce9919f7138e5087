//! Payment intents.

use serde_json::{Value, json};

use super::account::{Account, Done, done, invalid, refused};
use super::behaviour::Behaviour;
use super::events::{Event, Manner};
use super::form::{number, text};

/// An intent.
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) behaviour: Behaviour,
    pub(super) key: String,
    payment: Value,
    pub(super) status: &'static str,
    pub(super) currency: String,
    amount: i64,
    capturable: i64,
    pub(super) received: i64,
    pub(super) refunded: i64,
    is_manual: bool,
    may_be_captured_in_parts: bool,
    created: i64,
    page: Option<String>,
    error: Value,
    cancellation_reason: Value,
}

impl Intent {
    /// As it is shown; the charge whole where that was asked for.
    fn show(&self, is_expanded: bool) -> Value {
        let charge = format!("ch_{}", self.id);
        let feature = |is_there: bool| json!({"status": if is_there { "available" } else { "unavailable" }});
        let whole = json!({"id": charge, "object": "charge", "payment_method_details": {"type": "card", "card": {
            "brand": "visa", "capture_before": self.created + 7 * 86_400,
            "multicapture": feature(self.may_be_captured_in_parts)}}});
        let next = self.page.as_ref().map(
            |url| json!({"type": "redirect_to_url", "redirect_to_url": {"url": url, "return_url": null}}),
        );
        json!({
            "id": self.id, "object": "payment_intent", "status": self.status, "currency": self.currency,
            "amount": self.amount, "amount_capturable": self.capturable, "amount_received": self.received,
            "created": self.created, "metadata": {"transaction_id": self.key, "payment_id": self.payment},
            "next_action": next, "last_payment_error": self.error, "cancellation_reason": self.cancellation_reason,
            "latest_charge": if is_expanded { whole } else { json!(charge) },
        })
    }

    pub(super) fn event(&self, kind: &'static str) -> Event {
        Event::new(kind, &self.show(false), Manner::of(self.behaviour))
    }

    /// What is told of an operation on it, if anything.
    fn events(&self, kinds: &[&'static str]) -> Vec<Event> {
        let told = kinds.iter().filter(|_| self.behaviour.tells());
        told.map(|kind| self.event(kind)).collect()
    }

    /// The bank has said yes.
    fn approve(&mut self) -> &'static str {
        self.page = None;
        if self.is_manual {
            self.status = "requires_capture";
            self.capturable = self.amount;
            "payment_intent.amount_capturable_updated"
        } else {
            self.status = "succeeded";
            self.received = self.amount;
            "payment_intent.succeeded"
        }
    }

    fn operation(&self) -> &'static str {
        if self.is_manual { "authorize" } else { "sale" }
    }
}

fn declined(code: &str) -> Value {
    json!({"type": "card_error", "code": "card_declined", "decline_code": code, "message": "the bank says no"})
}

fn refused_by_bank(code: &str) -> Done {
    let mut no = refused(402, "card_error", "card_declined", "the bank says no");
    no.reply.body = json!({"error": declined(code)});
    no
}

impl Account {
    pub(super) fn create(&mut self, form: &Value) -> Done {
        let Some(behaviour) = Behaviour::of(text(form, "/payment_method")) else {
            return invalid("resource_missing", "no such payment method");
        };
        assert_eq!(form["confirm"], "true");
        assert_eq!(form["payment_method_types"], json!(["card"]));
        let card = "/payment_method_options/card";
        let has_asked = text(form, &format!("{card}/request_multicapture")) == "if_available";
        let id = self.name("pi");
        let mut intent = Intent {
            behaviour,
            key: text(form, "/metadata/transaction_id").to_owned(),
            payment: form["metadata"]["payment_id"].clone(),
            status: "requires_payment_method",
            currency: text(form, "/currency").to_owned(),
            amount: number(form, "amount"),
            capturable: 0,
            received: 0,
            refunded: 0,
            is_manual: text(form, "/capture_method") == "manual",
            may_be_captured_in_parts: has_asked && behaviour != Behaviour::OneCapture,
            created: Self::now(),
            page: None,
            error: Value::Null,
            cancellation_reason: Value::Null,
            id: id.clone(),
        };
        if let Some(code) = behaviour.decline_code() {
            intent.error = declined(code);
            self.intents.insert(id, intent);
            return refused_by_bank(code);
        }
        if behaviour.asks_buyer() {
            if text(form, "/error_on_requires_action") == "true" {
                return refused(
                    402,
                    "card_error",
                    "authentication_required",
                    "the buyer has to act",
                );
            }
            assert!(!text(form, "/return_url").is_empty(), "a place to come back to");
            intent.status = "requires_action";
            intent.page = Some(format!("{}/acs/{id}", self.base));
            let body = intent.show(true);
            self.intents.insert(id, intent);
            return done(body, Vec::new());
        }
        let kind = intent.approve();
        let (body, events) = (intent.show(true), intent.events(&[kind]));
        self.did(intent.operation(), &intent.key, intent.amount);
        self.intents.insert(id, intent);
        done(body, events)
    }

    pub(super) fn intent(&self, id: &str) -> Option<Value> {
        Some(self.intents.get(id)?.show(true))
    }

    /// What the search has heard of.
    pub(super) fn search(&self, form: &Value) -> Option<Value> {
        let query = text(form, "/query");
        let key = query
            .strip_prefix("metadata['transaction_id']:'")?
            .strip_suffix('\'')?;
        let known = self.intents.values().filter(|_| self.is_searchable);
        let found: Vec<_> = known.filter(|i| i.key == key).map(|i| i.show(true)).collect();
        Some(json!({"object": "search_result", "data": found, "has_more": false}))
    }

    pub(super) fn capture(&mut self, id: &str, form: &Value) -> Done {
        let amount = number(form, "amount_to_capture");
        let is_final = text(form, "/final_capture") != "false";
        let Some(intent) = self.intents.get_mut(id) else {
            return invalid("resource_missing", "no such intent");
        };
        if intent.status != "requires_capture" {
            return invalid("payment_intent_unexpected_state", "it can't be captured");
        }
        if amount > intent.capturable || amount == 0 && intent.received == 0 {
            return invalid("amount_too_large", "it does not hold as much");
        }
        if !is_final && (!intent.may_be_captured_in_parts || amount == intent.capturable) {
            return invalid("parameter_invalid", "final_capture can't be false here");
        }
        if intent.behaviour.declines("capture") {
            return refused_by_bank("insufficient_funds");
        }
        text(form, "/metadata/transaction_id").clone_into(&mut intent.key);
        intent.received += amount;
        intent.capturable = if is_final { 0 } else { intent.capturable - amount };
        let mut kinds = vec!["payment_intent.amount_capturable_updated"];
        if is_final {
            intent.status = "succeeded";
            kinds.push("payment_intent.succeeded");
        }
        let (body, events, key) = (intent.show(true), intent.events(&kinds), intent.key.clone());
        self.did(if amount == 0 { "void" } else { "capture" }, &key, amount);
        done(body, events)
    }

    pub(super) fn increment(&mut self, id: &str, form: &Value) -> Done {
        let total = number(form, "amount");
        let Some(intent) = self.intents.get_mut(id) else {
            return invalid("resource_missing", "no such intent");
        };
        if intent.status != "requires_capture" || intent.received > 0 || total <= intent.amount {
            return invalid("payment_intent_unexpected_state", "it can't hold more");
        }
        if intent.behaviour.declines("increment") {
            return refused_by_bank("insufficient_funds");
        }
        let more = total - intent.amount;
        text(form, "/metadata/transaction_id").clone_into(&mut intent.key);
        intent.amount = total;
        intent.capturable = total;
        let events = intent.events(&["payment_intent.amount_capturable_updated"]);
        let (body, key) = (intent.show(true), intent.key.clone());
        self.did("increment", &key, more);
        done(body, events)
    }

    pub(super) fn cancel(&mut self, id: &str, form: &Value, key: &str) -> Done {
        let Some(intent) = self.intents.get_mut(id) else {
            return invalid("resource_missing", "no such intent");
        };
        let operation = match intent.status {
            "requires_capture" => "void",
            "requires_action" | "requires_payment_method" => "cancel",
            _ => return invalid("payment_intent_unexpected_state", "it is over"),
        };
        intent.status = "canceled";
        intent.page = None;
        intent.cancellation_reason = form["cancellation_reason"].clone();
        let amount = std::mem::take(&mut intent.capturable);
        let (body, events) = (intent.show(true), intent.events(&["payment_intent.canceled"]));
        self.did(operation, key, amount);
        done(body, events)
    }

    /// The buyer acts.
    pub(super) fn decide(&mut self, id: &str, approves: bool) -> Event {
        let intent = self.intents.get_mut(id).expect("an intent");
        assert_eq!(intent.status, "requires_action");
        if !approves {
            intent.status = "requires_payment_method";
            intent.page = None;
            intent.error = json!({"type": "card_error", "code": "payment_intent_authentication_failure",
                                  "message": "the buyer is not who they say"});
            return intent.event("payment_intent.payment_failed");
        }
        let kind = intent.approve();
        let (event, operation) = (intent.event(kind), intent.operation());
        let (key, amount) = (intent.key.clone(), intent.amount);
        self.did(operation, &key, amount);
        event
    }
}
