//! What the brokers say of their cluster, and waiting until they say what is wanted.

use std::collections::HashSet;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::{Instant, sleep};

use super::node::START_LIMIT;
use super::wire::{self, Metadata, Partition};
use super::{Kafka, KafkaShape};
use crate::ServersError;

const LOOK: Duration = Duration::from_millis(200);

impl Kafka {
    /// The fewest replicas that any partition of this topic has in sync, as the most pessimistic broker knows it. None
    /// where no broker that answers knows the topic.
    pub async fn in_sync(&self, topic: &str) -> Option<usize> {
        let answers = self.ask_all().await;
        answers
            .iter()
            .flat_map(|(_, seen)| of(seen, topic))
            .map(|partition| partition.in_sync.len())
            .min()
    }

    /// The number of the broker that is the controller: the one that all brokers which answer take for it, and that
    /// answers itself.
    ///
    /// # Errors
    /// [`ServersError::Apart`] if there is none for three minutes.
    pub async fn controller(&self) -> Result<usize, ServersError> {
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let named: Vec<(usize, i32)> = match self.shape {
                KafkaShape::ZooKeeper => {
                    let answers = self.ask_all().await;
                    answers
                        .iter()
                        .map(|(broker, seen)| (*broker, seen.controller))
                        .collect()
                }
                KafkaShape::KraftOne | KafkaShape::KraftThree => self.ask_quorum().await,
            };
            let chosen = named
                .iter()
                .find(|(broker, id)| usize::try_from(*id) == Ok(*broker));
            if let Some((broker, chosen)) = chosen
                && named.iter().all(|(_, id)| id == chosen)
            {
                return Ok(*broker);
            }
            late(deadline, "there is one controller")?;
            sleep(LOOK).await;
        }
    }

    /// Waits until all brokers that are neither dead nor paused know each other, and have in sync whatever they have.
    ///
    /// # Errors
    /// [`ServersError::Apart`] after three minutes.
    pub async fn together(&mut self) -> Result<(), ServersError> {
        let awake = self.awake();
        let complete = |seen: &Metadata| {
            let all = seen.brokers.iter().copied().collect();
            awake.is_subset(&all)
                && seen.partitions.iter().all(|partition| {
                    let mut replicas = partition.replicas.iter().filter(|id| awake.contains(*id));
                    replicas.all(|replica| partition.in_sync.contains(replica))
                })
        };
        self.awake_agree("all brokers have caught up", complete).await
    }

    /// Waits until every broker that can answer knows what is `wanted`.
    pub(super) async fn awake_agree(
        &mut self,
        wanted: &'static str,
        knows: impl Fn(&Metadata) -> bool,
    ) -> Result<(), ServersError> {
        let count = self.awake().len();
        let deadline = Instant::now() + START_LIMIT;
        loop {
            let answers = self.ask_all().await;
            if answers.len() >= count && answers.iter().all(|(_, seen)| knows(seen)) {
                return Ok(());
            }
            late(deadline, wanted)?;
            sleep(LOOK).await;
        }
    }

    /// The ids of the brokers that can answer.
    fn awake(&mut self) -> HashSet<i32> {
        let nodes = (0..).zip(&mut self.brokers);
        nodes
            .filter_map(|(id, node)| node.is_awake().then_some(id))
            .collect()
    }

    /// What those brokers know that answer.
    async fn ask_all(&self) -> Vec<(usize, Metadata)> {
        let asked = self.brokers.iter().map(|node| wire::metadata(node.plan.port));
        answered(join_all(asked).await)
    }

    /// Which nodes say of themselves that they lead the quorum. Asked as controllers: a broker would pass the question
    /// on to the leader that it knew last, and wait half a minute for one that is paused.
    async fn ask_quorum(&self) -> Vec<(usize, i32)> {
        let asked = (0..self.ports.brokers).map(|node| wire::quorum_leader(self.ports.controller(node)));
        answered(join_all(asked).await)
    }
}

fn answered<T>(answers: Vec<std::io::Result<T>>) -> Vec<(usize, T)> {
    let numbered = answers.into_iter().enumerate();
    numbered
        .filter_map(|(broker, answer)| Some((broker, answer.ok()?)))
        .collect()
}

pub(super) fn of<'a>(seen: &'a Metadata, topic: &'a str) -> impl Iterator<Item = &'a Partition> {
    seen.partitions
        .iter()
        .filter(move |partition| partition.topic == topic)
}

fn late(deadline: Instant, wanted: &'static str) -> Result<(), ServersError> {
    if Instant::now() < deadline {
        return Ok(());
    }
    Err(ServersError::Apart {
        wanted,
        limit: START_LIMIT,
    })
}
