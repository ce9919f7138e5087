//! Real Kafka: with ZooKeeper as it was run for ten years, and with KRaft as it is run now.

mod jars;
mod java;
mod launch;
mod node;
mod ports;
mod ready;
mod release;
mod secure;
mod settings;
mod view;
mod watcher;
mod wire;

use std::path::Path;
use std::process::ChildStdin;

use tempfile::TempDir;

use crate::ServersError;
use node::Node;
use ports::Ports;
use secure::Secured;
use view::of;
use wire::Metadata;

/// How Kafka is set up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaShape {
    /// Kafka 3.9: three brokers and three ZooKeepers. What is acknowledged is on two brokers.
    ZooKeeper,
    /// Kafka 4: one node that is broker and controller.
    KraftOne,
    /// Kafka 4: three nodes that are brokers and controllers. What is acknowledged is on two of them.
    KraftThree,
}

/// Kafka on loopback. Brokers have numbers from 0, which are their ids too. Dropping it kills everything.
#[derive(Debug)]
pub struct Kafka {
    shape: KafkaShape,
    ports: Ports,
    // Before the folder: who still runs would write into it while it is removed.
    brokers: Vec<Node>,
    zookeepers: Vec<Node>,
    secured: Option<Secured>,
    folder: TempDir,
    lifeline: Option<ChildStdin>,
}

impl Kafka {
    /// Starts all of it; returns when all brokers know each other.
    ///
    /// The first start on a machine fetches Kafka with Maven, into `$XDG_CACHE_HOME/jeongsan/kafka` or
    /// `~/.cache/jeongsan/kafka`.
    ///
    /// # Errors
    /// [`ServersError`]; where Maven or Java is missing, it says what to type.
    pub async fn start(shape: KafkaShape) -> Result<Self, ServersError> {
        launch::start(shape, None).await
    }

    /// Starts one node of KRaft whose clients come by `SASL_SSL`, with `PLAIN` or `SCRAM-SHA-512`, and trust
    /// [`Kafka::ca_file`]. User and password are of letters and digits.
    ///
    /// # Errors
    /// As [`Kafka::start`].
    pub async fn start_secured(user: &str, password: &str) -> Result<Self, ServersError> {
        launch::start(KafkaShape::KraftOne, Some((user, password))).await
    }

    /// Has everything that runs now end with this process, although nobody drops this value: for a cluster that all
    /// tests of a process share.
    ///
    /// # Errors
    /// [`ServersError::Start`] if there is no shell.
    pub fn end_with_process(&mut self) -> Result<(), ServersError> {
        let nodes = self.brokers.iter().chain(&self.zookeepers);
        self.lifeline = watcher::watch_over(nodes.map(Node::id), self.folder.path())?;
        Ok(())
    }

    /// The certificate of the authority that signed the broker's, in PEM. None unless it was started secured.
    pub fn ca_file(&self) -> Option<&Path> {
        self.secured.as_ref().map(|secured| secured.authority.ca_file())
    }

    /// `127.0.0.1:port` of every broker, in the order of their numbers.
    pub fn brokers(&self) -> Vec<String> {
        (0..self.ports.brokers)
            .map(|broker| format!("127.0.0.1:{}", self.ports.broker(broker)))
            .collect()
    }

    /// What clients are given as `bootstrap.servers`.
    pub fn bootstrap(&self) -> String {
        self.brokers().join(",")
    }

    /// Has a topic made, with a replica on every broker; returns when all brokers that run know it.
    ///
    /// # Errors
    /// [`ServersError::Kafka`] if the controller refuses, [`ServersError::Apart`].
    pub async fn create_topic(&mut self, name: &str, partitions: u16) -> Result<(), ServersError> {
        let controller = self.controller().await?;
        let port = self.controller_port(controller)?;
        let replicas = i16::try_from(self.ports.brokers).unwrap_or(i16::MAX);
        wire::create_topic(port, name, partitions.into(), replicas)
            .await
            .map_err(|source| ServersError::Kafka {
                name: format!("kafka-{controller}"),
                source,
            })?;
        let known = |seen: &Metadata| of(seen, name).count() == usize::from(partitions);
        self.awake_agree("a new topic is known to all", known).await
    }

    /// `kill -9` for the controller; gives its number.
    ///
    /// # Errors
    /// As [`Kafka::controller`].
    pub async fn kill_controller(&mut self) -> Result<usize, ServersError> {
        let controller = self.controller().await?;
        self.kill_broker(controller)?;
        Ok(controller)
    }

    /// `kill -9` for one broker.
    ///
    /// # Errors
    /// [`ServersError::NoServer`].
    pub fn kill_broker(&mut self, broker: usize) -> Result<(), ServersError> {
        self.node_mut(broker).map(Node::kill)
    }

    /// Freezes one broker: its port takes connections, and nothing answers.
    ///
    /// # Errors
    /// [`ServersError::NoServer`].
    pub fn pause_broker(&mut self, broker: usize) -> Result<(), ServersError> {
        self.node_mut(broker).map(Node::pause)
    }

    /// Lets a paused broker go on.
    ///
    /// # Errors
    /// [`ServersError::NoServer`].
    pub fn resume_broker(&mut self, broker: usize) -> Result<(), ServersError> {
        self.node_mut(broker).map(Node::resume)
    }

    /// `kill -9` for one ZooKeeper, of three that have numbers from 0.
    ///
    /// # Errors
    /// [`ServersError::NoServer`], also where there are no ZooKeepers.
    pub fn kill_zookeeper(&mut self, zookeeper: usize) -> Result<(), ServersError> {
        let node = self.zookeepers.get_mut(zookeeper);
        node.map(Node::kill).ok_or(ServersError::NoServer(zookeeper))
    }

    /// `kill -9` for everything.
    pub fn kill_all(&mut self) {
        for node in self.brokers.iter_mut().chain(&mut self.zookeepers) {
            node.kill();
        }
    }

    /// Kills one broker if it runs, and starts it again on its port with what it kept; returns when it has caught up.
    /// It never does while too many others are dead: then [`Kafka::restart_dead`] is the way.
    ///
    /// # Errors
    /// As [`Kafka::start`].
    pub async fn restart_broker(&mut self, broker: usize) -> Result<(), ServersError> {
        self.node_mut(broker)?.restart()?;
        ready::broker(self.node_mut(broker)?).await?;
        self.together().await
    }

    /// Starts whatever is dead again, where it was and with what it kept; returns when everything that is not paused
    /// has caught up.
    ///
    /// # Errors
    /// As [`Kafka::start`].
    pub async fn restart_dead(&mut self) -> Result<(), ServersError> {
        for node in &mut self.zookeepers {
            if node.is_dead() {
                node.restart()?;
            }
        }
        for node in &mut self.zookeepers {
            ready::zookeeper(node).await?;
        }
        // All before the first is waited for: alone, a node of KRaft has no quorum.
        let mut started = Vec::new();
        for node in &mut self.brokers {
            if node.is_dead() {
                node.restart()?;
                started.push(node);
            }
        }
        for node in started {
            ready::broker(node).await?;
        }
        self.together().await
    }

    /// Where a node takes what is for the controller to do.
    fn controller_port(&self, number: usize) -> Result<u16, ServersError> {
        let broker = u16::try_from(number).map_err(|_| ServersError::NoServer(number))?;
        Ok(match self.shape {
            KafkaShape::ZooKeeper => self.ports.broker(broker),
            KafkaShape::KraftOne | KafkaShape::KraftThree => self.ports.controller(broker),
        })
    }

    fn node_mut(&mut self, broker: usize) -> Result<&mut Node, ServersError> {
        self.brokers.get_mut(broker).ok_or(ServersError::NoServer(broker))
    }
}
