//! Which port of a free block is whose.

use super::KafkaShape;
use crate::{ServersError, free_block};

/// The ports of a cluster. They stay the same over restarts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ports {
    pub(crate) brokers: u16,
    pub(crate) zookeepers: u16,
    /// Whether clients and brokers come in by different doors.
    secured: bool,
    base: u16,
}

impl Ports {
    pub(crate) fn free(shape: KafkaShape, secured: bool) -> Result<Self, ServersError> {
        let (brokers, zookeepers) = match shape {
            KafkaShape::ZooKeeper => (3, 3),
            KafkaShape::KraftOne => (1, 0),
            KafkaShape::KraftThree => (3, 0),
        };
        // At most three for each broker (its clients, its peers, its controller) and for each ZooKeeper.
        let base = free_block((brokers + zookeepers) * 3)?;
        Ok(Self {
            brokers,
            zookeepers,
            secured,
            base,
        })
    }

    /// Where clients reach a broker.
    pub(crate) fn broker(self, number: u16) -> u16 {
        self.base + number
    }

    /// Where a broker speaks without TLS and password: the same door as for clients, unless that one is secured.
    pub(crate) fn inner(self, number: u16) -> u16 {
        let offset = if self.secured { self.brokers } else { 0 };
        self.broker(number) + offset
    }

    /// Where a node of KRaft is reached as controller.
    pub(crate) fn controller(self, number: u16) -> u16 {
        self.base + self.brokers * 2 + number
    }

    pub(crate) fn zookeeper(self, number: u16) -> u16 {
        self.base + self.brokers * 3 + number
    }

    pub(crate) fn zookeeper_peer(self, number: u16) -> u16 {
        self.zookeeper(number) + self.zookeepers
    }

    pub(crate) fn zookeeper_election(self, number: u16) -> u16 {
        self.zookeeper(number) + self.zookeepers * 2
    }
}
