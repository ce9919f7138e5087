//! Stripe, by payment intents: <https://docs.stripe.com/api/payment_intents>.
//!
//! | file | what is in it |
//! | --- | --- |
//! | `amount` | amounts in Stripe's units |
//! | `ask`, `wire` | what is asked, and the way there |
//! | `intent`, `refund`, `dispute` | what is answered, and what it means |
//! | `refusal` | when the answer is no |
//! | `change` | what happens to a charge that exists |
//! | `inquiry` | what became of an operation: `docs/decisions/0017-stripe-is-asked-by-what-was-left-there.md` |
//! | `webhook` | what Stripe tells by itself |

mod amount;
mod ask;
mod change;
mod dispute;
#[cfg(test)]
mod form_tests;
mod inquiry;
mod intent;
mod refund;
mod refusal;
mod webhook;
mod wire;

use std::sync::Arc;

use async_trait::async_trait;
use chassis::{Clock, Context, StartError};
use chrono::{DateTime, Utc};

use super::{
    Connector, Found, GivenUp, Outcome, RawWebhook, Secrets, Submitted, Task, Told, VerifiedWebhook,
    WebhookRefusal,
};
use crate::domain::Failure;
use crate::domain::dispute::Dispute;
use crate::domain::evidence::Evidence;
use ask::Ask;
use intent::Intent;
use refusal::{Verdict, misconfigured, outcome, reason};
use wire::{Fault, Wire};

pub use amount::to_stripe;

/// An account at Stripe, or none where no key is set.
pub(super) struct Stripe {
    wire: Option<Wire>,
    secrets: Secrets,
    clock: Arc<dyn Clock>,
}

impl Stripe {
    pub(super) fn new(context: &Context) -> Result<Self, StartError> {
        let text = |name: &str| context.settings.text(name);
        let name = "payment.stripe_webhook_secrets";
        let secrets = Secrets::parse_as_text(text(name))
            .map_err(|form| StartError(format!("the setting {name} is not valid: {form}")))?;
        let wire = match text("payment.stripe_secret_key") {
            "" => None,
            key => {
                let wire = Wire::new(key, text("payment.stripe_url"), text("payment.stripe_files_url"));
                Some(wire.map_err(StartError)?)
            }
        };
        Ok(Self {
            wire,
            secrets,
            clock: Arc::clone(&context.clock),
        })
    }

    fn wire(&self) -> Result<&Wire, String> {
        let missing = || "payment.stripe_secret_key is not set any more".to_owned();
        self.wire.as_ref().ok_or_else(missing)
    }
}

/// Why an amount can't be moved.
fn odd_amount(detail: String) -> Outcome {
    Outcome::Failed(Failure {
        code: "amount_not_supported".to_owned(),
        detail,
    })
}

/// Begins a charge.
async fn begin(wire: &Wire, task: &Task) -> Outcome {
    let amount = match to_stripe(task.amount) {
        Ok(amount) => amount,
        Err(detail) => return odd_amount(detail),
    };
    match wire.ask::<Intent>(&Ask::Create { task, amount }).await {
        Ok(intent) => intent.outcome_of_unknown(),
        Err(fault) => outcome(fault, task.was_sent),
    }
}

#[async_trait]
impl Connector for Stripe {
    /// Nothing is sent twice in here: Stripe keeps even a 500 under its key, so that to ask again at once says nothing
    /// new. The worker asks soon.
    async fn perform(&self, task: &Task) -> Outcome {
        let wire = match self.wire() {
            Ok(wire) => wire,
            Err(reason) if task.was_sent => return Outcome::Unknown(reason),
            Err(_) => return Outcome::Failed(misconfigured()),
        };
        if task.operation.is_beginning() {
            begin(wire, task).await
        } else {
            change::perform(wire, task).await
        }
    }

    async fn look_up(&self, task: &Task) -> Found {
        match self.wire() {
            Ok(wire) => inquiry::look_up(wire, task, self.clock.now()).await,
            Err(reason) => Found::NoAnswer(reason),
        }
    }

    async fn give_up(&self, task: &Task) -> GivenUp {
        let (wire, intent) = match (self.wire(), task.charge.as_deref()) {
            (Ok(wire), Some(intent)) => (wire, intent),
            (Err(reason), _) => return GivenUp::NoAnswer(reason),
            (_, None) => return GivenUp::TooLate,
        };
        let ask = Ask::Cancel {
            intent,
            reason: intent::reason(task.ending),
            key: &format!("{}-cancel", task.key),
        };
        match wire.ask::<Intent>(&ask).await {
            Ok(intent) if intent.status == intent::Status::Canceled => GivenUp::Yes,
            Ok(intent) => GivenUp::NoAnswer(format!("{} is {:?} after a cancel", intent.id, intent.status)),
            Err(Fault::Refused(refusal)) => match refusal.verdict() {
                Some(Verdict::Declined(_) | Verdict::Refused(_)) => GivenUp::TooLate,
                Some(Verdict::Stranger) | None => GivenUp::NoAnswer(refusal.text()),
            },
            Err(fault) => GivenUp::NoAnswer(reason(&fault)),
        }
    }

    async fn submit(&self, dispute: &Dispute, evidence: &Evidence) -> Submitted {
        match self.wire() {
            Ok(wire) => dispute::submit(wire, &dispute.reference, evidence).await,
            Err(reason) => Submitted::NoAnswer(reason),
        }
    }

    fn verify(&self, raw: &RawWebhook, now: DateTime<Utc>) -> Result<VerifiedWebhook, WebhookRefusal> {
        webhook::verify(&self.secrets, raw, now)
    }

    fn read(&self, body: &[u8]) -> Result<Told, String> {
        webhook::read(body)
    }
}
