//! What becomes of a cluster that loses a part and gets it back.

use std::time::Duration;

use servers::{Kafka, KafkaShape};
use tokio::time::{Instant, sleep};

const TOPIC: &str = "orders";

async fn in_sync_becomes(kafka: &Kafka, expected: usize) {
    let deadline = Instant::now() + Duration::from_mins(1);
    loop {
        let seen = kafka.in_sync(TOPIC).await;
        if seen == Some(expected) {
            return;
        }
        assert!(Instant::now() < deadline, "{seen:?} replicas are in sync");
        sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test]
async fn with_zookeeper_another_broker_takes_over_and_the_killed_one_catches_up() {
    let mut kafka = Kafka::start(KafkaShape::ZooKeeper).await.unwrap();
    kafka.create_topic(TOPIC, 3).await.unwrap();
    in_sync_becomes(&kafka, 3).await;

    kafka.kill_zookeeper(0).unwrap();
    let killed = kafka.kill_controller().await.unwrap();
    in_sync_becomes(&kafka, 2).await;
    assert_ne!(kafka.controller().await.unwrap(), killed);

    kafka.restart_dead().await.unwrap();
    assert_eq!(kafka.in_sync(TOPIC).await, Some(3));

    // At once, while ZooKeeper still lists the one that was killed.
    kafka.restart_broker(killed).await.unwrap();
    assert_eq!(kafka.in_sync(TOPIC).await, Some(3));
}

#[tokio::test]
async fn with_kraft_another_node_takes_over_and_all_survive_the_loss_of_all() {
    let mut kafka = Kafka::start(KafkaShape::KraftThree).await.unwrap();
    kafka.create_topic(TOPIC, 3).await.unwrap();

    let paused = kafka.controller().await.unwrap();
    kafka.pause_broker(paused).unwrap();
    in_sync_becomes(&kafka, 2).await;
    assert_ne!(kafka.controller().await.unwrap(), paused);
    kafka.resume_broker(paused).unwrap();
    kafka.together().await.unwrap();

    kafka.restart_broker(paused).await.unwrap();
    kafka.kill_all();
    assert_eq!(kafka.in_sync(TOPIC).await, None);
    kafka.restart_dead().await.unwrap();
    assert_eq!(kafka.in_sync(TOPIC).await, Some(3));
}
