//! The broker of this process, and how it is reached.

use std::future::pending;
use std::sync::OnceLock;
use std::sync::mpsc::channel;

use chassis::{Settings, Sources};
use kafka::{Options, SETTINGS};
use servers::{Kafka, KafkaShape};

/// Where the broker is; it starts at the first call and ends with the process.
pub fn bootstrap() -> &'static str {
    static BROKER: OnceLock<String> = OnceLock::new();
    BROKER.get_or_init(|| {
        let (ready, started) = channel();
        // In a thread of its own: tests come and go, each with its runtime.
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let mut kafka = Kafka::start(KafkaShape::KraftOne).await.unwrap();
                kafka.end_with_process().unwrap();
                ready.send(kafka.bootstrap()).unwrap();
                pending::<()>().await;
            });
        });
        started.recv().unwrap()
    })
}

/// A name that stands before the topics and groups of one test.
pub fn prefix() -> String {
    format!("t{}.", uuid::Uuid::new_v4().simple())
}

/// How a test reaches the broker of this process.
pub fn options(prefix: &str, partitions: u16) -> Options {
    let partitions = partitions.to_string();
    from_flags(&[
        ("kafka.brokers", bootstrap()),
        ("kafka.prefix", prefix),
        ("kafka.partitions", &partitions),
    ])
}

/// These settings, for a cluster of one broker.
pub fn from_flags(flags: &[(&str, &str)]) -> Options {
    let alone = [
        ("events.transport", "kafka"),
        ("kafka.replication", "1"),
        ("kafka.min_insync", "1"),
    ];
    let flags = alone.iter().chain(flags);
    let sources = Sources {
        flags: flags.map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
        ..Sources::default()
    };
    let settings = Settings::load(SETTINGS.iter().copied(), &sources).unwrap();
    Options::from_settings(&settings).unwrap().unwrap()
}
