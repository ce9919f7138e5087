//! Refunds.

use serde_json::{Value, json};

use super::account::{Account, Done, done, invalid, refused};
use super::behaviour::Behaviour;
use super::events::{Event, Manner};
use super::form::{number, text};

/// A refund.
pub(super) struct Refund {
    id: String,
    intent: String,
    key: String,
    amount: i64,
    status: &'static str,
}

impl Refund {
    fn show(&self) -> Value {
        let reason = (self.status == "failed").then_some("lost_or_stolen_card");
        json!({"id": self.id, "object": "refund", "amount": self.amount, "payment_intent": self.intent,
               "status": self.status, "failure_reason": reason, "metadata": {"transaction_id": self.key}})
    }
}

impl Account {
    pub(super) fn refund(&mut self, form: &Value) -> Done {
        let amount = number(form, "amount");
        let id = self.name("re");
        let name = text(form, "/payment_intent").to_owned();
        let Some(intent) = self.intents.get_mut(&name) else {
            return invalid("resource_missing", "no such intent");
        };
        if amount > intent.received - intent.refunded {
            return invalid("charge_already_refunded", "it has not taken as much");
        }
        if intent.behaviour.declines("refund") {
            return refused(402, "card_error", "card_declined", "no money");
        }
        intent.refunded += amount;
        let refund = Refund {
            id,
            key: text(form, "/metadata/transaction_id").to_owned(),
            amount,
            status: match intent.behaviour {
                Behaviour::PendingRefund => "pending",
                _ => "succeeded",
            },
            intent: name,
        };
        let told = intent.behaviour.tells();
        let event = Event::new("refund.updated", &refund.show(), Manner::of(intent.behaviour));
        self.did("refund", &refund.key, amount);
        let body = refund.show();
        self.refunds.push(refund);
        done(body, if told { vec![event] } else { Vec::new() })
    }

    /// A page of one, so that whoever reads the list has to turn pages.
    pub(super) fn list_refunds(&self, form: &Value) -> Value {
        let of: Vec<_> = self
            .refunds
            .iter()
            .rev()
            .filter(|refund| refund.intent == text(form, "/payment_intent"))
            .collect();
        let after = text(form, "/starting_after");
        let from = of
            .iter()
            .position(|refund| refund.id == after)
            .map_or(0, |place| place + 1);
        let page: Vec<_> = of.iter().skip(from).take(1).map(|refund| refund.show()).collect();
        json!({"object": "list", "data": page, "has_more": of.len() > from + 1})
    }

    /// The last refund of an intent fails after all.
    pub(super) fn fail_refund(&mut self, intent: &str) -> Event {
        let refund = self
            .refunds
            .iter_mut()
            .rev()
            .find(|refund| refund.intent == intent)
            .expect("a refund");
        refund.status = "failed";
        let amount = refund.amount;
        let event = Event::new("refund.failed", &refund.show(), Manner::Plain);
        self.intents.get_mut(intent).expect("an intent").refunded -= amount;
        event
    }

    /// The bank takes a refund that waited for it.
    pub(super) fn settle_refunds(&mut self) {
        for refund in self
            .refunds
            .iter_mut()
            .filter(|refund| refund.status == "pending")
        {
            refund.status = "succeeded";
        }
    }
}
