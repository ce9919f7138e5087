//! Those who take money: the border behind which a card network, or nobody, stands.

mod external;
mod simulator;
mod stripe;
mod webhook;
mod wellbeing;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::{Context, Settings, StartError};
use chrono::{DateTime, SubsecRound as _, Utc};
use contracts::events::TenderKind;
use ids::{ChangeId, PaymentId, TransactionId};
use money::Money;

use crate::domain::dispute::Dispute;
use crate::domain::evidence::Evidence;
use crate::domain::{Action, ConnectorName, Ending, Failure, Operation, Token};

use stripe::to_stripe;
use wellbeing::Wellbeing;

pub use webhook::{RawWebhook, Secrets, Told, VerifiedWebhook, WebhookRefusal};

/// An open operation, as whoever works on it and its connector need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Task {
    /// The operation.
    pub id: TransactionId,
    /// Its payment.
    pub payment_id: PaymentId,
    /// Which tender of it.
    pub tender_number: i32,
    /// Through whom.
    pub connector: ConnectorName,
    /// What.
    pub operation: Operation,
    /// The change that it carries out.
    pub change_id: Option<ChangeId>,
    /// Whether it was given to the connector before, so that the connector is to be asked first.
    pub was_sent: bool,
    /// For how much.
    pub amount: Money,
    /// The key under which the connector does it once.
    pub key: String,
    /// The connector's token of the buyer's means.
    pub token: Option<Token>,
    /// The connector's own name for the charge that this is about.
    pub charge: Option<String>,
    /// Where the buyer is sent after acting at the connector's page.
    pub return_url: Option<String>,
    /// Set where the connector is to give it up: what it becomes then.
    pub ending: Option<Ending>,
    /// Which taking up this is.
    pub attempt: i32,
}

impl Task {
    /// How often it was tried: 1, 2, 3, ...
    pub fn tries(&self) -> u32 {
        u32::try_from(self.attempt).unwrap_or(0).saturating_add(1)
    }
}

/// What became of an operation, as far as the connector says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done.
    Succeeded {
        /// The connector's own name for it, if it has one.
        reference: Option<String>,
        /// Until when it holds what it holds, where it says so.
        held_until: Option<DateTime<Utc>>,
    },
    /// The buyer has to act first.
    RequiresAction {
        /// The connector's own name for what waits.
        reference: String,
        /// What is to be done.
        action: Action,
    },
    /// The other side refused it.
    Declined(Failure),
    /// It was not done, for certain, for another reason.
    Failed(Failure),
    /// It waited for the buyer, and was given up.
    GivenUp(Ending),
    /// There was no answer, or none that says.
    Unknown(String),
}

impl Outcome {
    /// It was done, and there is nothing more to say of it.
    pub const fn done() -> Self {
        Self::Succeeded {
            reference: None,
            held_until: None,
        }
    }

    /// The same with its times in microseconds, as the database keeps them: a payment reads the same before and after it
    /// was stored.
    #[must_use]
    pub fn in_microseconds(self) -> Self {
        let trunc = |time: DateTime<Utc>| time.trunc_subsecs(6);
        match self {
            Self::Succeeded {
                reference,
                held_until,
            } => Self::Succeeded {
                reference,
                held_until: held_until.map(trunc),
            },
            Self::RequiresAction { reference, action } => Self::RequiresAction {
                reference,
                action: Action {
                    until: trunc(action.until),
                    ..action
                },
            },
            other => other,
        }
    }

    /// The word for metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded { .. } => "succeeded",
            Self::RequiresAction { .. } => "requires_action",
            Self::Declined(_) => "declined",
            Self::Failed(_) => "failed",
            Self::GivenUp(_) => "given_up",
            Self::Unknown(_) => "unknown",
        }
    }
}

/// What a connector knows of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It was executed, with this outcome.
    Executed(Outcome),
    /// It was never executed.
    Nothing,
    /// It does not say.
    NoAnswer(String),
}

/// Whether a connector gave up what waited for the buyer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum GivenUp {
    /// It did; the buyer can't act any more.
    Yes,
    /// It waits no more: asked, the connector says what became of it.
    TooLate,
    /// It does not say.
    NoAnswer(String),
}

/// What a connector says to evidence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// It has it.
    Accepted,
    /// It will not have it, for this reason.
    Refused(String),
    /// It does not say.
    NoAnswer(String),
}

/// One who takes money. An operation has a key, and under one key it is done once however often it is sent.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Has an operation done. There is no deadline here: [`Connectors`] sets one.
    async fn perform(&self, task: &Task) -> Outcome;

    /// What became of an operation.
    async fn look_up(&self, task: &Task) -> Found;

    /// Gives up an operation that waits for the buyer. Asked twice, it says the same.
    async fn give_up(&self, task: &Task) -> GivenUp;

    /// Hands evidence over. Handed over twice under its id, it is there once.
    async fn submit(&self, dispute: &Dispute, evidence: &Evidence) -> Submitted;

    /// Whether a webhook is one of this connector's.
    fn verify(&self, raw: &RawWebhook, now: DateTime<Utc>) -> Result<VerifiedWebhook, WebhookRefusal>;

    /// What a webhook of this connector tells; the error says why it can't be read.
    fn read(&self, body: &[u8]) -> Result<Told, String>;
}

/// Which connectors take money here; what was taken elsewhere can always be recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Live {
    /// The simulated network, for tests.
    pub simulator: bool,
    /// Stripe.
    pub stripe: bool,
}

impl Live {
    /// As the settings say.
    pub fn of(settings: &Settings) -> Self {
        Self {
            simulator: !settings.is_production(),
            stripe: !settings.text("payment.stripe_secret_key").is_empty(),
        }
    }

    /// Whether this one does.
    pub const fn is_live(self, connector: ConnectorName) -> bool {
        match connector {
            ConnectorName::Simulator => self.simulator,
            ConnectorName::Stripe => self.stripe,
            ConnectorName::External => false,
        }
    }
}

/// Whether a connector takes such a means.
pub const fn takes(connector: ConnectorName, kind: TenderKind) -> bool {
    match connector {
        ConnectorName::External => true,
        ConnectorName::Simulator => {
            matches!(kind, TenderKind::Card | TenderKind::Voucher | TenderKind::Points)
        }
        ConnectorName::Stripe => matches!(kind, TenderKind::Card),
    }
}

/// Whether a connector can charge that amount; the error says why not.
pub fn takes_amount(connector: ConnectorName, amount: Money) -> Result<(), String> {
    match connector {
        ConnectorName::Simulator | ConnectorName::External => Ok(()),
        ConnectorName::Stripe => match to_stripe(amount)? {
            units if units > 0 => Ok(()),
            _ => Err("Stripe charges no 0: give 1 or more".to_owned()),
        },
    }
}

/// All of them, each with a deadline.
#[derive(Clone)]
pub struct Connectors {
    live: Live,
    wellbeing: Wellbeing,
    simulator: Arc<dyn Connector>,
    stripe: Arc<dyn Connector>,
    external: Arc<dyn Connector>,
    deadline: Duration,
}

impl Connectors {
    /// The connectors, each of which has `deadline` to answer.
    pub fn new(context: &Context, deadline: Duration) -> Result<Self, StartError> {
        let name = "payment.simulator_webhook_secrets";
        let secrets = Secrets::parse(context.settings.text(name))
            .map_err(|form| StartError(format!("the setting {name} is not valid: {form}")))?;
        Ok(Self {
            live: Live::of(&context.settings),
            wellbeing: Wellbeing::new(Arc::clone(&context.clock)),
            simulator: Arc::new(simulator::Simulator::new(context.peers.clone(), secrets)),
            stripe: Arc::new(stripe::Stripe::new(context)?),
            external: Arc::new(external::External),
            deadline,
        })
    }

    /// Whether this one takes money here.
    pub fn is_live(&self, name: ConnectorName) -> bool {
        self.live.is_live(name)
    }

    /// Whether this one answers lately, as far as this process saw.
    pub fn is_well(&self, name: ConnectorName) -> bool {
        self.wellbeing.is_well(name)
    }

    /// Shows who answers.
    pub fn measure(&self) {
        self.wellbeing.measure();
    }

    /// How long one is waited for.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    fn of(&self, name: ConnectorName) -> &Arc<dyn Connector> {
        match name {
            ConnectorName::Simulator => &self.simulator,
            ConnectorName::Stripe => &self.stripe,
            ConnectorName::External => &self.external,
        }
    }

    /// Has an operation done within the deadline; none of its answers after that counts.
    pub async fn perform(&self, task: &Task) -> Outcome {
        let outcome = tokio::time::timeout(self.deadline, self.of(task.connector).perform(task))
            .await
            .unwrap_or_else(|_| Outcome::Unknown(format!("no answer within {:?}", self.deadline)))
            .in_microseconds();
        count(task.connector, outcome.as_str());
        self.wellbeing.performed(task.connector, &outcome);
        outcome
    }

    /// What became of an operation that was sent before.
    pub async fn look_up(&self, task: &Task) -> Found {
        let found = tokio::time::timeout(self.deadline, self.of(task.connector).look_up(task))
            .await
            .unwrap_or_else(|_| Found::NoAnswer(format!("no answer within {:?}", self.deadline)));
        count(
            task.connector,
            match &found {
                Found::Executed(_) => "found",
                Found::Nothing => "not_found",
                Found::NoAnswer(_) => "look_up_unanswered",
            },
        );
        self.wellbeing.looked_up(task.connector, &found);
        match found {
            Found::Executed(outcome) => Found::Executed(outcome.in_microseconds()),
            other => other,
        }
    }
}

impl Connectors {
    /// Hands evidence over within the deadline.
    pub async fn submit(&self, dispute: &Dispute, evidence: &Evidence) -> Submitted {
        tokio::time::timeout(
            self.deadline,
            self.of(dispute.connector).submit(dispute, evidence),
        )
        .await
        .unwrap_or_else(|_| Submitted::NoAnswer(format!("no answer within {:?}", self.deadline)))
    }

    /// Whether a webhook is one of that connector's.
    pub fn verify(
        &self,
        connector: ConnectorName,
        raw: &RawWebhook,
        now: DateTime<Utc>,
    ) -> Result<VerifiedWebhook, WebhookRefusal> {
        self.of(connector).verify(raw, now)
    }

    /// What a webhook of that connector tells.
    pub fn read(&self, connector: ConnectorName, body: &[u8]) -> Result<Told, String> {
        self.of(connector).read(body)
    }

    /// Gives up an operation that waits for the buyer.
    pub async fn give_up(&self, task: &Task) -> GivenUp {
        tokio::time::timeout(self.deadline, self.of(task.connector).give_up(task))
            .await
            .unwrap_or_else(|_| GivenUp::NoAnswer(format!("no answer within {:?}", self.deadline)))
    }
}

fn count(connector: ConnectorName, outcome: &'static str) {
    let labels = [("connector", connector.as_str()), ("outcome", outcome)];
    metrics::counter!("jeongsan_connector_outcomes_total", &labels).increment(1);
}
