//! Topics: made where they are missing.

use std::time::Duration;

use bus::BusError;
use contracts::Topic;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;

use crate::options::Options;

/// How long the cluster may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// The largest event: a request may have two megabytes, and what is made of it is seldom larger.
pub(crate) const MAX_MESSAGE_BYTES: &str = "8388608";

/// Makes the topic where it is missing, and says how many partitions it has.
pub(crate) async fn partitions(options: &Options, topic: Topic) -> Result<i32, BusError> {
    let name = options.topic(topic);
    let fault = |what: &str| BusError::Broker(format!("topic {name}: {what}"));
    let client: AdminClient<DefaultClientContext> =
        options.client().create().map_err(|e| fault(&e.to_string()))?;
    let min_insync = options.min_insync.to_string();
    let wanted = NewTopic::new(
        &name,
        options.partitions,
        TopicReplication::Fixed(options.replication),
    )
    .set("min.insync.replicas", &min_insync)
    .set("max.message.bytes", MAX_MESSAGE_BYTES);
    let limits = AdminOptions::new()
        .request_timeout(Some(ANSWER))
        .operation_timeout(Some(ANSWER));
    let made = client
        .create_topics([&wanted], &limits)
        .await
        .map_err(|e| fault(&e.to_string()))?;
    for outcome in made {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => {
                return Err(fault(&format!(
                    "it cannot be made with kafka.replication = {}: {code}",
                    options.replication
                )));
            }
        }
    }
    let asked = name.clone();
    // The client blocks the thread while it asks.
    let metadata = tokio::task::spawn_blocking(move || client.inner().fetch_metadata(Some(&asked), ANSWER))
        .await
        .map_err(|e| fault(&e.to_string()))?
        .map_err(|e| fault(&e.to_string()))?;
    let count = metadata
        .topics()
        .iter()
        .find(|found| found.name() == name)
        .map_or(0, |found| found.partitions().len());
    match i32::try_from(count) {
        Ok(count) if count > 0 => Ok(count),
        _ => Err(fault("it has no partitions yet")),
    }
}
