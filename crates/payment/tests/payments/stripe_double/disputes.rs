//! Disputes.

use serde_json::{Value, json};

use super::account::{Account, Done, done, invalid};
use super::events::{Event, Manner};
use super::form::text;

/// A dispute.
pub(super) struct Dispute {
    id: String,
    intent: String,
    currency: String,
    amount: i64,
    status: String,
    evidence: Value,
    metadata: Value,
}

impl Dispute {
    fn show(&self) -> Value {
        json!({"id": self.id, "object": "dispute", "amount": self.amount, "currency": self.currency,
               "charge": format!("ch_{}", self.intent), "payment_intent": self.intent, "reason": "fraudulent",
               "status": self.status, "metadata": self.metadata, "evidence": self.evidence,
               "evidence_details": {"due_by": Account::now() + 7 * 86_400}})
    }

    fn event(&self, kind: &'static str) -> Event {
        Event::new(kind, &self.show(), Manner::Plain)
    }
}

impl Account {
    /// A bank disputes; money goes with it, unless it only asks.
    pub(super) fn dispute(&mut self, intent: &str, amount: i64, status: &str) -> (String, Vec<Event>) {
        let id = self.name("dp");
        let dispute = Dispute {
            id: id.clone(),
            currency: self.intents[intent].currency.clone(),
            intent: intent.to_owned(),
            amount,
            status: status.to_owned(),
            evidence: Value::Null,
            metadata: json!({}),
        };
        let mut events = vec![dispute.event("charge.dispute.created")];
        if status == "needs_response" {
            events.push(dispute.event("charge.dispute.funds_withdrawn"));
        }
        self.disputes.insert(id.clone(), dispute);
        (id, events)
    }

    pub(super) fn read_dispute(&self, dispute: &str) -> Value {
        self.disputes[dispute].show()
    }

    pub(super) fn close_dispute(&mut self, dispute: &str, status: &str) -> Vec<Event> {
        let dispute = self.disputes.get_mut(dispute).expect("a dispute");
        status.clone_into(&mut dispute.status);
        let mut events = vec![dispute.event("charge.dispute.closed")];
        if status == "won" {
            events.push(dispute.event("charge.dispute.funds_reinstated"));
        }
        events
    }

    /// Hears evidence, once.
    pub(super) fn hear(&mut self, dispute: &str, form: &Value) -> Done {
        let dispute = self.disputes.get_mut(dispute).expect("a dispute");
        if !dispute.evidence.is_null() {
            return invalid("dispute_already_submitted", "evidence was submitted already");
        }
        assert_eq!(text(form, "/submit"), "true");
        dispute.evidence = form["evidence"].clone();
        dispute.metadata = form["metadata"].clone();
        let prefix = if dispute.status.starts_with("warning") {
            "warning_"
        } else {
            ""
        };
        dispute.status = format!("{prefix}under_review");
        done(dispute.show(), vec![dispute.event("charge.dispute.updated")])
    }
}
