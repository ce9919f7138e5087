//! Real servers on loopback, for tests and for torture: started, killed, paused, stopped.
//!
//! Each server is a child of ours in a process group of its own, keeps its files in a folder of its own, and listens
//! on ports that were free below 32768, where outgoing connections take theirs. When its value is dropped, it is gone.

mod cache;
mod certificate;
mod data_folder;
mod encrypted;
mod error;
mod etcd;
mod http;
mod kafka;
mod patroni;
mod ports;
mod program;
mod redis;
mod replicated;
mod sentinel;
mod stripe_mock;

pub use certificate::{ServerCertificate, TestCa};
pub use encrypted::EncryptedPostgres;
pub use error::ServersError;
use error::at;
pub use kafka::{Kafka, KafkaShape};
pub use patroni::Patroni;
pub use ports::free_block;
pub use program::Program;
pub use redis::RedisServer;
pub use replicated::ReplicatedPostgres;
pub use sentinel::RedisSentinel;
pub use stripe_mock::StripeMock;
