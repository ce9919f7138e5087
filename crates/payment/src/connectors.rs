//! Those who take money: the border behind which a card network, or nobody, stands.

mod external;
mod simulator;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chassis::Peers;

use crate::domain::{ConnectorName, Failure};
use crate::store::transactions::Task;

/// What became of an operation, as far as the connector says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was done; this is the connector's own name for it, if it has one.
    Succeeded(Option<String>),
    /// The other side refused it.
    Declined(Failure),
    /// It was not done, for certain, for another reason.
    Failed(Failure),
    /// There was no answer, or none that says.
    Unknown(String),
}

impl Outcome {
    /// The word for metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Succeeded(_) => "succeeded",
            Self::Declined(_) => "declined",
            Self::Failed(_) => "failed",
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

/// One who takes money. An operation has a key, and under one key it is done once however often it is sent.
#[async_trait]
pub trait Connector: Send + Sync {
    /// Has an operation done. There is no deadline here: [`Connectors`] sets one.
    async fn perform(&self, task: &Task) -> Outcome;

    /// What became of the operation of that key.
    async fn look_up(&self, key: &str) -> Found;
}

/// All of them, each with a deadline.
#[derive(Clone)]
pub struct Connectors {
    simulator: Arc<dyn Connector>,
    external: Arc<dyn Connector>,
    deadline: Duration,
}

impl Connectors {
    /// The connectors, each of which has `deadline` to answer.
    pub fn new(peers: Peers, deadline: Duration) -> Self {
        Self {
            simulator: Arc::new(simulator::Simulator::new(peers)),
            external: Arc::new(external::External),
            deadline,
        }
    }

    /// How long one is waited for.
    pub fn deadline(&self) -> Duration {
        self.deadline
    }

    fn of(&self, name: ConnectorName) -> &Arc<dyn Connector> {
        match name {
            ConnectorName::Simulator => &self.simulator,
            ConnectorName::External => &self.external,
        }
    }

    /// Has an operation done within the deadline; none of its answers after that counts.
    pub async fn perform(&self, task: &Task) -> Outcome {
        let outcome = tokio::time::timeout(self.deadline, self.of(task.connector).perform(task))
            .await
            .unwrap_or_else(|_| Outcome::Unknown(format!("no answer within {:?}", self.deadline)));
        count(task.connector, outcome.as_str());
        outcome
    }

    /// What became of an operation that was sent before.
    pub async fn look_up(&self, task: &Task) -> Found {
        let found = tokio::time::timeout(self.deadline, self.of(task.connector).look_up(&task.key))
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
        found
    }
}

fn count(connector: ConnectorName, outcome: &'static str) {
    let labels = [("connector", connector.as_str()), ("outcome", outcome)];
    metrics::counter!("jeongsan_connector_outcomes_total", &labels).increment(1);
}
