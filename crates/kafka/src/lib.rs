//! Kafka as the event log: what a relay publishes to, and what consumers read from.
//!
//! The databases decide. A record's place is its topic, its partition and its number there, which the relay gave it in
//! the publisher's database; where a consumer stands is a row of its own database. Kafka's offsets are hints where to
//! begin reading. So Kafka may deliver twice, late or not at all: repeats are known by their numbers, and what is
//! missing is fetched from the publisher.
//!
//! | file | what |
//! | --- | --- |
//! | `options` | how the cluster is reached, and how topics are made |
//! | `envelope` | a record as a Kafka message, CloudEvents 1.0 in binary mode |
//! | `admin` | topics, made where they are missing |
//! | `client` | the client library's producer: how it is configured, and how one gets rid of it |
//! | `producer` | appends, idempotent and with all acknowledgements |
//! | `flight` | messages that are on their way together |
//! | `reporter` | what the clients say of their connections |
//! | `group` | one member of a service's consumer group: a thread that fills lanes |
//! | `lane` | what came of one partition: repeats and gaps |
//! | `lanes` | the lanes of one member, shared with its consumers |
//! | `log` | the lanes, as consumers read them |
//! | `probe` | whether the cluster answers |
//! | `transport` | all of it, as services are given it |

mod admin;
mod client;
mod envelope;
mod flight;
mod group;
mod lane;
mod lanes;
mod log;
mod options;
mod probe;
mod producer;
mod reporter;
mod transport;

pub use options::{Options, OptionsError, SETTINGS};
pub use probe::brokers;
pub use transport::KafkaTransport;
