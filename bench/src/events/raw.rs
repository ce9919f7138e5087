//! The same by the client library alone: no database, no order, no lease.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail, ensure};
use postgres::Db;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _, OwnedMessage};
use rdkafka::metadata::MetadataTopic;
use rdkafka::producer::{BaseRecord, DeliveryResult, Producer as _, ProducerContext, ThreadedProducer};
use rdkafka::{ClientConfig, ClientContext, Offset, TopicPartitionList};

use crate::effects::{EFFECTS, Rows};

const ANSWER: Duration = Duration::from_secs(15);
/// Events that are written in one transaction, as many as a consumer of the platform takes at most.
const BATCH: usize = 1_000;

/// Reads a topic from its beginning to its end with the library's own settings, and shows each message to `look`. Says
/// when the first one came. Blocks the thread.
pub fn read(
    brokers: &str,
    topic: &str,
    mut look: impl FnMut(&BorrowedMessage<'_>) -> Result<()>,
) -> Result<Instant> {
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
    let mut first_at = None;
    while left > 0 {
        match consumer.poll(ANSWER) {
            Some(Ok(message)) => {
                first_at.get_or_insert_with(Instant::now);
                left -= 1;
                look(&message)?;
            }
            Some(Err(error)) => return Err(error.into()),
            None => bail!("{topic}: nothing more came, and {left} messages are missing"),
        }
    }
    first_at.context("there is no message")
}

/// Reads a topic as [`read`] does, and writes a row for each event and the position of each batch, in one transaction a
/// batch. What comes twice would be written twice, and what is lost is lost. Returns how long it took.
pub async fn read_and_write(brokers: String, topic: String, db: &Db) -> Result<Duration> {
    for table in [
        EFFECTS,
        "create table place (position bigint)",
        "insert into place values (0)",
    ] {
        sqlx::query(table).execute(db.pool()).await?;
    }
    let (sender, mut batches) = tokio::sync::mpsc::channel::<Rows>(4);
    let reading = tokio::task::spawn_blocking(move || {
        let mut rows = Rows::default();
        let first_at = read(&brokers, &topic, |message| {
            if is_event(message) {
                rows.push(serde_json::from_slice(message.payload().unwrap_or_default())?);
            }
            if rows.len() == BATCH {
                sender.blocking_send(std::mem::take(&mut rows))?;
            }
            Ok(())
        })?;
        sender.blocking_send(rows)?;
        anyhow::Ok(first_at)
    });
    while let Some(rows) = batches.recv().await {
        let mut transaction = db.begin().await?;
        let count = i64::try_from(rows.len())?;
        rows.insert(&mut transaction).await?;
        sqlx::query("update place set position = position + $1")
            .bind(count)
            .execute(&mut *transaction)
            .await?;
        transaction.commit().await?;
    }
    Ok(reading.await??.elapsed())
}

fn is_event(message: &BorrowedMessage<'_>) -> bool {
    message.key().is_some()
}

/// Counts acknowledgements.
#[derive(Default)]
struct Counting {
    acknowledged: AtomicU64,
    failed: AtomicU64,
}

#[derive(Clone, Default)]
struct Deliveries(Arc<Counting>);

impl ClientContext for Deliveries {}

impl ProducerContext for Deliveries {
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
    let context = Deliveries::default();
    let producer: ThreadedProducer<Deliveries> = ClientConfig::new()
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
