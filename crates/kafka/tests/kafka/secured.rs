//! A broker that lets in who trusts its authority and knows the password.

use bus::{BusError, OutboxLog};
use chassis::Transport as _;
use ids::PaymentId;
use kafka::{KafkaTransport, Options};
use servers::{Kafka, TestCa};
use std::path::Path;
use std::sync::Arc;
use testkit::event_log::{Scribe, TOPIC, database, drain, effects, publish};

use crate::cluster;
use crate::site::{SERVICE, relay};

const USER: &str = "jeongsan";
const PASSWORD: &str = "correctHorse7";

fn options(kafka: &Kafka, authority: &Path, mechanism: &str, password: &str) -> Options {
    cluster::from_flags(&[
        ("kafka.brokers", &kafka.bootstrap()),
        ("kafka.security", "sasl_ssl"),
        ("kafka.ca_file", authority.to_str().unwrap()),
        ("kafka.mechanism", mechanism),
        ("kafka.username", USER),
        ("kafka.password", password),
        ("kafka.partitions", "2"),
    ])
}

/// What a relay would be told, which asks for the partitions first.
async fn refusal(options: Options) -> String {
    match KafkaTransport::new(options)
        .broker(SERVICE)
        .partitions(TOPIC)
        .await
    {
        Err(BusError::Broker(reason)) => reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn only_who_trusts_the_authority_and_knows_the_password_publishes() {
    let kafka = Kafka::start_secured(USER, PASSWORD).await.unwrap();
    let authority = kafka.ca_file().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let other = TestCa::create(folder.path()).unwrap();
    let wrong_password = options(&kafka, authority, "SCRAM-SHA-512", "wrong");
    let wrong_authority = options(&kafka, other.ca_file(), "SCRAM-SHA-512", PASSWORD);

    let database = database().await;
    let outbox = database.outbox();
    publish(&outbox, &[PaymentId::generate(), PaymentId::generate()]).await;
    let log = OutboxLog::new(outbox.clone());
    {
        let broker = KafkaTransport::new(wrong_password.clone()).broker(SERVICE);
        let _relay = relay(outbox.clone(), broker);
        let (password, authority) = tokio::join!(refusal(wrong_password), refusal(wrong_authority));
        assert!(password.contains("uthentication failed"), "{password}");
        assert!(authority.contains("certificate verify failed"), "{authority}");
        let heads = bus::Feed::heads(&log, TOPIC).await.unwrap();
        assert_eq!((heads.unsequenced, heads.numbered.len()), (2, 0));
    }

    for (mechanism, expected) in [("SCRAM-SHA-512", 2), ("PLAIN", 3)] {
        let transport = KafkaTransport::new(options(&kafka, authority, mechanism, PASSWORD));
        let _relay = relay(outbox.clone(), transport.broker(SERVICE));
        let log = transport.log(SERVICE, Arc::new(log.clone()));
        let consumer = bus::Consumer::new(log, TOPIC, outbox.clone(), Scribe::new());
        drain(&consumer).await;
        assert_eq!(effects(&outbox).await.len(), expected, "{mechanism}");
        publish(&outbox, &[PaymentId::generate()]).await;
    }
}
