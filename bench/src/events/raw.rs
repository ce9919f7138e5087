//! The same by the client library alone: no database, no order, no lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Result, bail, ensure};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{Message as _, OwnedMessage};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

const ANSWER: Duration = Duration::from_secs(15);

/// A topic's messages, as they stand there, and how long it took to read them: from the first to the last.
pub struct Read {
    /// The time.
    pub took: Duration,
    /// The messages, where they were asked for.
    pub messages: Vec<OwnedMessage>,
}

/// Reads a topic from its beginning to its end with the library's own settings. Blocks the thread.
pub fn read(brokers: &str, topic: &str, are_kept: bool) -> Result<Read> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "bench")
        .set("enable.auto.commit", "false")
        .create()?;
    let metadata = consumer.fetch_metadata(Some(topic), ANSWER)?;
    let mut places = TopicPartitionList::new();
    let mut left: i64 = 0;
    for partition in metadata.topics().iter().flat_map(MetadataTopic::partitions) {
        let (low, high) = consumer.fetch_watermarks(topic, partition.id(), ANSWER)?;
        left += high.saturating_sub(low);
        places.add_partition_offset(topic, partition.id(), Offset::Beginning)?;
    }
    consumer.assign(&places)?;
    let mut messages = Vec::new();
    let mut begin = None;
    while left > 0 {
        match consumer.poll(ANSWER) {
            Some(Ok(message)) => {
                begin.get_or_insert_with(Instant::now);
                left -= 1;
                if are_kept {
                    messages.push(message.detach());
                }
            }
            Some(Err(error)) => return Err(error.into()),
            None => bail!("{topic}: nothing more came, and {left} messages are missing"),
        }
    }
    let took = begin.map_or(Duration::ZERO, |begin: Instant| begin.elapsed());
    Ok(Read { took, messages })
}

/// Counts acknowledgements.
#[derive(Default)]
struct Counting {
    acknowledged: AtomicU64,
    failed: AtomicU64,
}

#[derive(Clone, Default)]
struct Context(Arc<Counting>);

impl ClientContext for Context {}

impl ProducerContext for Context {
    type DeliveryOpaque = ();

    fn delivery(&self, outcome: &DeliveryResult<'_>, (): ()) {
        let count = if outcome.is_ok() {
            &self.0.acknowledged
        } else {
            &self.0.failed
        };
        count.fetch_add(1, Ordering::Relaxed);
    }
}

/// Sends these messages into the partitions where they were read, with the settings of the platform's producer.
/// Returns how long it took until all were acknowledged. Blocks the thread.
pub fn send(brokers: &str, topic: &str, messages: &[OwnedMessage]) -> Result<Duration> {
    let context = Context::default();
    let producer: ThreadedProducer<Context> = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("enable.idempotence", "true")
        .set("acks", "all")
        .set("linger.ms", "2")
        .set("compression.type", "lz4")
        .set("message.max.bytes", "8388608")
        .set("queue.buffering.max.messages", "50000")
        .set("queue.buffering.max.kbytes", "131072")
        .create_with_context(context.clone())?;
    producer.client().fetch_metadata(Some(topic), ANSWER)?;
    let begin = Instant::now();
    for message in messages {
        let mut record = BaseRecord::<[u8], [u8]>::to(topic)
            .partition(message.partition())
            .payload(message.payload().unwrap_or_default());
        if let Some(key) = message.key() {
            record = record.key(key);
        }
        if let Some(headers) = message.headers() {
            record = record.headers(headers.clone());
        }
        while let Err((error, again)) = producer.send(record) {
            if !matches!(error, KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull)) {
                return Err(error.into());
            }
            record = again;
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    producer.flush(ANSWER)?;
    let took = begin.elapsed();
    let acknowledged = context.0.acknowledged.load(Ordering::Relaxed);
    ensure!(
        acknowledged == u64::try_from(messages.len())?,
        "{acknowledged} of {} messages were acknowledged, {} failed",
        messages.len(),
        context.0.failed.load(Ordering::Relaxed)
    );
    Ok(took)
}
