//! Faults of Kafka. While it is away, events wait in the outboxes and payments go on.

use servers::KafkaShape;

use crate::deed::Deed;
use crate::fault::{Fault, NOTHING, Plan, Promise, USUAL};
use crate::shape::{SMALL, Shape};

const WITH_ZOOKEEPER: Shape = Shape {
    kafka: Some(KafkaShape::ZooKeeper),
    ..SMALL
};

const THREE_NODES: Shape = Shape {
    kafka: Some(KafkaShape::KraftThree),
    ..SMALL
};

/// Payments do not notice that Kafka is in trouble.
const UNNOTICED: Promise = Promise {
    no_errors: true,
    caught_up: Some(60),
    ..NOTHING
};

pub(super) const FAULTS: &[Fault] = &[
    Fault {
        name: "kafka-zk/broker-killed",
        sentence: "One of three brokers is killed and comes back after 15 s: events go on through the other two.",
        shape: WITH_ZOOKEEPER,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillBroker(1)), (15, Deed::RestartKafka)]),
        promise: UNNOTICED,
        bites: &[],
    },
    Fault {
        name: "kafka-zk/zookeeper-killed",
        sentence: "One of three ZooKeepers is killed and comes back after 15 s: two are a majority.",
        shape: WITH_ZOOKEEPER,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillZooKeeper(0)), (15, Deed::RestartKafka)]),
        promise: UNNOTICED,
        bites: &[],
    },
    Fault {
        name: "kafka-zk/controller-killed",
        sentence: "The broker that is the controller is killed and comes back after 15 s: another becomes it.",
        shape: WITH_ZOOKEEPER,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillController), (15, Deed::RestartKafka)]),
        promise: UNNOTICED,
        bites: &[],
    },
    Fault {
        name: "kraft/broker-killed",
        sentence: "One of three nodes is killed and comes back after 15 s: events go on through the other two.",
        shape: THREE_NODES,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillBroker(1)), (15, Deed::RestartKafka)]),
        promise: UNNOTICED,
        bites: &[],
    },
    Fault {
        name: "kraft/only-broker-killed",
        sentence: "The only node is killed and comes back after 10 s: events wait in the outboxes.",
        shape: SMALL,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillBroker(0)), (10, Deed::RestartKafka)]),
        promise: UNNOTICED,
        bites: &[],
    },
    Fault {
        name: "kafka/away",
        sentence: "All brokers are killed for 60 s: no client sees an error, and the backlog is gone 60 s after.",
        shape: THREE_NODES,
        clients: USUAL,
        plan: Plan::Steps(&[(0, Deed::KillKafka), (60, Deed::RestartKafka)]),
        promise: UNNOTICED,
        bites: &["relay failures"],
    },
];
