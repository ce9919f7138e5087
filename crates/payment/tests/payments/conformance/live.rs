//! The connectors that are called, and how each is made to misbehave.

use std::future::Future;
use std::pin::Pin;

use http::Method;
use serde_json::{Value, json};
use testkit::Platform;

use crate::stripe_double::{self, StripeDouble};
use crate::support;

/// How every operation of a payment is treated, the first time that it is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// All goes well.
    Well,
    /// The buyer has to act.
    AsksBuyer,
    /// Everything is declined.
    Declined,
    /// Captures are.
    CaptureDeclined,
    /// Increments are.
    IncrementDeclined,
    /// Refunds are.
    RefundDeclined,
    /// Executed, and not answered.
    Withheld,
    /// Executed, and the answer breaks off in the middle.
    Cut,
    /// Not executed, and the connection breaks off.
    Lost,
    /// Not executed: the connection stays open, and nobody says anything.
    Silent,
    /// Not executed, and answered with 500.
    Failing,
    /// Executed, and answered with 500, every time.
    FailingAfter,
    /// Not executed, and answered with 429.
    Limited,
    /// Executed later than anyone waits.
    Slow,
    /// Told of by webhooks that come twice.
    ToldTwice,
    /// Told of by webhooks that come before the answer.
    ToldEarly,
    /// Told of by webhooks that are signed wrongly first.
    ToldWrongly,
}

/// A connector that is called.
pub struct Live {
    pub name: &'static str,
    /// The token of a buyer's means with which everything is treated so; none where it can't be made to.
    pub token: fn(Behaviour) -> Option<&'static str>,
    pub start: fn() -> Pin<Box<dyn Future<Output = Shop>>>,
}

pub const LIVE: &[Live] = &[
    Live {
        name: "simulator",
        token: simulated,
        start: || Box::pin(with_simulator()),
    },
    Live {
        name: "stripe",
        token: at_stripe,
        start: || Box::pin(with_stripe()),
    },
];

#[allow(clippy::unnecessary_wraps, reason = "as the other one")]
fn at_stripe(behaviour: Behaviour) -> Option<&'static str> {
    Some(match behaviour {
        Behaviour::Well => "pm_ok",
        Behaviour::AsksBuyer => "pm_3ds",
        Behaviour::Declined => "pm_declined",
        Behaviour::CaptureDeclined => "pm_capture_declined",
        Behaviour::IncrementDeclined => "pm_increment_declined",
        Behaviour::RefundDeclined => "pm_refund_declined",
        Behaviour::Withheld => "pm_withheld",
        Behaviour::Cut => "pm_cut",
        Behaviour::Lost => "pm_lost",
        Behaviour::Silent => "pm_silent",
        Behaviour::Failing => "pm_error",
        Behaviour::FailingAfter => "pm_error_kept",
        Behaviour::Limited => "pm_limited",
        Behaviour::Slow => "pm_slow",
        Behaviour::ToldTwice => "pm_webhook_twice",
        Behaviour::ToldEarly => "pm_webhook_early",
        Behaviour::ToldWrongly => "pm_webhook_wrong_signature",
    })
}

/// The simulator is asked by a function call here: there is no connection that could break in the middle.
fn simulated(behaviour: Behaviour) -> Option<&'static str> {
    Some(match behaviour {
        Behaviour::Well => "tok_ok",
        Behaviour::AsksBuyer => "tok_3ds",
        Behaviour::Declined => "tok_declined",
        Behaviour::CaptureDeclined => "tok_capture_declined",
        Behaviour::IncrementDeclined => "tok_increment_declined",
        Behaviour::RefundDeclined => "tok_refund_declined",
        Behaviour::Withheld => "tok_timeout",
        Behaviour::Silent => "tok_timeout_not_executed",
        Behaviour::Failing => "tok_error",
        Behaviour::Slow => "tok_slow",
        Behaviour::ToldTwice => "tok_webhook_twice",
        Behaviour::ToldEarly => "tok_webhook_early",
        Behaviour::ToldWrongly => "tok_webhook_wrong_signature",
        Behaviour::Cut | Behaviour::Lost | Behaviour::FailingAfter | Behaviour::Limited => return None,
    })
}

impl Live {
    /// An order of 10,000 won, paid with that token.
    pub fn order(&self, reference: &str, token: &str) -> Value {
        let mut order = support::card(reference, support::shop(), token);
        order["connector"] = json!(self.name);
        order
    }

    /// Headers of webhooks that nobody of this connector sent.
    pub fn forgeries(&self) -> Vec<Vec<(&'static str, String)>> {
        match self.name {
            "stripe" => vec![
                vec![],
                vec![(
                    "stripe-signature",
                    stripe_double::signature("whsec_guessed", 1, "{}"),
                )],
                vec![("stripe-signature", "t=1,v0=00".to_owned())],
            ],
            _ => vec![
                vec![],
                vec![
                    ("webhook-id", "evt_1".to_owned()),
                    ("webhook-timestamp", "1".to_owned()),
                    ("webhook-signature", "v1,AAAA".to_owned()),
                ],
            ],
        }
    }
}

/// A platform, and what stands behind its connector.
pub struct Shop {
    pub platform: Platform,
    stripe: Option<StripeDouble>,
}

async fn with_simulator() -> Shop {
    let platform = support::impatient()
        .setting("simulator.late_ms", "50")
        .start()
        .await;
    Shop {
        platform,
        stripe: None,
    }
}

async fn with_stripe() -> Shop {
    let stripe = StripeDouble::start().await;
    let platform = stripe_double::platform(&stripe).start().await;
    stripe.tell(platform.address("payment"));
    Shop {
        platform,
        stripe: Some(stripe),
    }
}

impl Shop {
    /// The operations that were executed, each with its key.
    pub async fn executed(&self) -> Vec<(String, String)> {
        if let Some(stripe) = &self.stripe {
            let executed = stripe.executed().into_iter();
            return executed
                .map(|done| (done.operation.to_owned(), done.key))
                .collect();
        }
        let path = "/network/v1/journal";
        let journal = self
            .platform
            .send("simulator", None, Method::GET, path, &[], None)
            .await
            .expect(200);
        let entries = journal["data"].as_array().unwrap();
        assert_eq!(journal["count"], entries.len(), "the journal has one page");
        let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
        let approved = entries.iter().filter(|entry| entry["outcome"] == "approved");
        approved
            .map(|entry| (text(entry, "operation"), text(entry, "connector_key")))
            .collect()
    }

    /// The buyer acts at that page.
    pub async fn decide(&self, page: &str, approves: bool) {
        if let Some(stripe) = &self.stripe {
            return stripe.decide(page, approves).await;
        }
        let path = &page[page.find("/network").unwrap()..];
        let decision = json!({"decision": if approves { "approve" } else { "decline" }});
        let answer = self
            .platform
            .send("simulator", None, Method::POST, path, &[], Some(&decision))
            .await;
        assert!(
            answer.status.is_success() || answer.status.is_redirection(),
            "{}",
            answer.body
        );
    }

    /// What was answered to webhooks; none where that can't be known.
    pub fn heard(&self) -> Option<Vec<u16>> {
        self.stripe.as_ref().map(StripeDouble::deliveries)
    }

    pub async fn stop(self) {
        self.platform.stop().await;
    }
}
