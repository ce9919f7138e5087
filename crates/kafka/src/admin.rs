//! Topics: made where they are missing.

use std::sync::Arc;
use std::time::Duration;

use bus::BusError;
use contracts::Topic;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use crate::client::Client;
use crate::options::Options;
use crate::reporter::Reporter;

/// How long the cluster may take to answer.
const ANSWER: Duration = Duration::from_secs(15);
/// The largest event: a request may have two megabytes, and what is made of it is seldom larger.
pub(crate) const MAX_MESSAGE_BYTES: &str = "8388608";

/// Says how many partitions the topic has, and makes it where it is missing. Who may not make topics needs no right to
/// where somebody else has made them.
pub(crate) async fn partitions(
    options: &Options,
    client: &Arc<Client>,
    reporter: &Reporter,
    topic: Topic,
) -> Result<i32, BusError> {
    let name = options.topic(topic);
    let fault = |what: &str| {
        let because = reporter.because();
        BusError::Broker(format!("topic {name}: {what}{because}"))
    };
    if let Some(count) = existing(client, &name).await.map_err(|e| fault(&e))? {
        return Ok(count);
    }
    make(options, &name).await.map_err(|e| fault(&e))?;
    match existing(client, &name).await.map_err(|e| fault(&e))? {
        Some(count) => Ok(count),
        None => Err(fault("it was made, and not every broker knows it yet")),
    }
}

/// How many partitions a topic has; none where there is no such topic.
async fn existing(client: &Arc<Client>, name: &str) -> Result<Option<i32>, String> {
    let (client, asked) = (Arc::clone(client), name.to_owned());
    // The client blocks the thread while it asks.
    let asking = tokio::task::spawn_blocking(move || client.metadata(&asked, ANSWER));
    let metadata = match asking.await.map_err(|e| e.to_string())? {
        Ok(metadata) => metadata,
        Err(KafkaError::MetadataFetch(
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic,
        )) => return Ok(None),
        Err(error) => return Err(error.to_string()),
    };
    let found = metadata.topics().iter().find(|found| found.name() == name);
    let count = found.map_or(0, |found| found.partitions().len());
    Ok(i32::try_from(count).ok().filter(|count| *count > 0))
}

async fn make(options: &Options, name: &str) -> Result<(), String> {
    let client: AdminClient<DefaultClientContext> = options.client().create().map_err(|e| e.to_string())?;
    let min_insync = options.min_insync.to_string();
    let wanted = NewTopic::new(
        name,
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
        .map_err(|e| e.to_string())?;
    for outcome in made {
        match outcome {
            Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
            Err((_, code)) => {
                return Err(format!(
                    "it cannot be made with kafka.replication = {}: {code}",
                    options.replication
                ));
            }
        }
    }
    Ok(())
}
