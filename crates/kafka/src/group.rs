//! One member of a service's consumer group: a thread that fills lanes.
//!
//! Everything that is asked of the client is asked by this one thread, the callbacks of a rebalance included. Lanes are
//! bounded: a partition whose consumer does not keep up is paused, and resumed when it has caught up.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use contracts::Topic;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientContext, TopicPartitionList};
use tokio::sync::watch;

use crate::envelope::{self, Arrival};
use crate::lane::Lane;
use crate::lanes::Lanes;
use crate::options::Options;
use crate::reporter::Reporter;

/// How long the thread waits for a message before it looks after other things,
const POLL: Duration = Duration::from_millis(100);
/// and while a lane is full: it may be emptied at any moment.
const POLL_WHILE_FULL: Duration = Duration::from_millis(5);
/// How often it notes how far the lanes have been handled.
const NOTE: Duration = Duration::from_secs(1);
/// How long it rests when no client can be made.
const REST: Duration = Duration::from_secs(1);

/// A member of the group of one service. Dropped, it leaves the group, if the process lives on for a moment.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) lanes: Arc<Lanes>,
    /// Its other end is the thread's: dropped, the group has been left.
    left: watch::Receiver<()>,
    is_over: Arc<AtomicBool>,
    /// Grows with every wish to begin anew.
    wanted: Arc<AtomicU64>,
}

impl Group {
    /// Joins the group of `service` for these topics, in the background.
    pub(crate) fn join(options: Options, service: &'static str, topics: Vec<Topic>) -> Self {
        let (leaving, left) = watch::channel(());
        let group = Self {
            lanes: Arc::new(Lanes::new(&topics)),
            left,
            is_over: Arc::default(),
            wanted: Arc::default(),
        };
        let member = Member {
            lanes: Arc::clone(&group.lanes),
            is_over: Arc::clone(&group.is_over),
            wanted: Arc::clone(&group.wanted),
            options,
            service,
            topics,
            _leaving: leaving,
        };
        let thread = std::thread::Builder::new()
            .name(format!("kafka-{service}"))
            .spawn(move || member.work());
        if let Err(error) = thread {
            tracing::error!(service, error = %error, "no thread to read Kafka with");
        }
        group
    }

    /// Leaves the group, and returns when it has been left. Where Kafka is away that can take long: who does not wait
    /// for it holds nothing up.
    pub(crate) async fn leave(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        // Nothing is ever sent: it ends with the thread.
        while self.left.clone().changed().await.is_ok() {}
    }

    /// Leaves the group and joins it again with a new client.
    pub(crate) fn restart(&self) {
        self.wanted.fetch_add(1, Ordering::Relaxed);
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

struct Member {
    lanes: Arc<Lanes>,
    is_over: Arc<AtomicBool>,
    wanted: Arc<AtomicU64>,
    options: Options,
    service: &'static str,
    topics: Vec<Topic>,
    _leaving: watch::Sender<()>,
}

impl Member {
    fn work(self) {
        while !self.is_over() {
            let generation = self.wanted.load(Ordering::Relaxed);
            match self.client() {
                Ok(client) => self.fill(&client, generation),
                Err(error) => {
                    tracing::warn!(service = self.service, error = %error, "Kafka cannot be read; trying again");
                    std::thread::sleep(REST);
                }
            }
            self.lanes.lock().clear();
        }
    }

    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn client(&self) -> KafkaResult<BaseConsumer<Context>> {
        let mut config = self.options.client();
        config
            .set("group.id", format!("{}jeongsan.{}", self.options.prefix, self.service))
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("session.timeout.ms", "10000")
            .set("auto.offset.reset", "earliest")
            // The offset is a hint, of what the database has: noted by us, committed now and then.
            .set("enable.auto.offset.store", "false")
            .set("enable.auto.commit", "true")
            .set("auto.commit.interval.ms", "2000")
            // The lanes hold what is read ahead; the client need not hold as much again.
            .set("queued.min.messages", "2000")
            .set("queued.max.messages.kbytes", "4096")
            // After it held enough, it would otherwise wait for a second before it fetches again.
            .set("fetch.queue.backoff.ms", "10")
            .set("fetch.wait.max.ms", "100")
            .set("fetch.message.max.bytes", "1048576")
            // A topic that its publisher makes after this client has begun is found within that time.
            .set("topic.metadata.refresh.interval.ms", "5000");
        let context = Context {
            lanes: Arc::clone(&self.lanes),
            topics: self.topics.clone(),
            prefix: self.options.prefix.clone(),
            reporter: Reporter::default(),
        };
        let client: BaseConsumer<Context> = config.create_with_context(context)?;
        let names: Vec<String> = self
            .topics
            .iter()
            .map(|topic| self.options.topic(*topic))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        client.subscribe(&names)?;
        Ok(client)
    }

    /// Fills the lanes until the member is to leave or to begin anew.
    fn fill(&self, client: &BaseConsumer<Context>, generation: u64) {
        let mut noted_at = Instant::now();
        let mut are_full = false;
        while !self.is_over() && self.wanted.load(Ordering::Relaxed) == generation {
            match client.poll(if are_full { POLL_WHILE_FULL } else { POLL }) {
                Some(Ok(message)) => are_full |= self.take(client, &message),
                Some(Err(error)) => {
                    tracing::debug!(service = self.service, error = %error, "Kafka could not be read");
                }
                None => {}
            }
            if are_full && self.lanes.were_emptied() {
                are_full = self.resume(client);
            }
            if noted_at.elapsed() >= NOTE {
                noted_at = Instant::now();
                self.note(client);
            }
        }
    }

    /// Puts a message into its lane; whether that is full now.
    fn take(&self, client: &BaseConsumer<Context>, message: &BorrowedMessage<'_>) -> bool {
        let name = message.topic();
        let Some(topic) = named(&self.topics, &self.options.prefix, name) else {
            return false;
        };
        let arrival = match envelope::read(topic, message) {
            Ok(arrival) => arrival,
            Err(foreign) => {
                metrics::counter!("jeongsan_kafka_foreign_total", "topic" => topic.name).increment(1);
                tracing::warn!(
                    topic = topic.name,
                    partition = message.partition(),
                    offset = message.offset(),
                    error = %foreign,
                    "passed over; what it was to be is fetched from its publisher"
                );
                return false;
            }
        };
        let mut is_full = false;
        if let Some(lane) = self.lanes.lock().get_mut(&(topic, message.partition())) {
            match arrival {
                Arrival::Record { sequence, record } => lane.push(sequence, *record, message.offset()),
                Arrival::Watermark(sequence) => lane.mark(sequence),
            }
            is_full = lane.is_full() && !lane.is_paused;
            lane.is_paused |= is_full;
        }
        self.lanes.announce(topic);
        if is_full {
            let mut one = TopicPartitionList::new();
            one.add_partition(name, message.partition());
            complain(self.service, client.pause(&one));
        }
        is_full
    }

    /// Has Kafka go on with lanes that were emptied; whether others are still full.
    fn resume(&self, client: &BaseConsumer<Context>) -> bool {
        let mut resumed = TopicPartitionList::new();
        let mut are_full = false;
        for ((topic, partition), lane) in self.lanes.lock().iter_mut() {
            if lane.wants_more() {
                lane.is_paused = false;
                resumed.add_partition(&self.options.topic(*topic), *partition);
            }
            are_full |= lane.is_paused;
        }
        if resumed.count() > 0 {
            complain(self.service, client.resume(&resumed));
        }
        are_full
    }

    /// Notes how far each lane was handled.
    fn note(&self, client: &BaseConsumer<Context>) {
        let mut handled = Vec::new();
        for ((topic, partition), lane) in self.lanes.lock().iter_mut() {
            if let Some(offset) = lane.take_handled() {
                handled.push((self.options.topic(*topic), *partition, offset));
            }
        }
        for (name, partition, offset) in handled {
            // Stored is the last offset that was handled; committed is the one behind it.
            complain(
                self.service,
                client.store_offset(&name, partition, offset.saturating_sub(1)),
            );
        }
    }
}

/// A failed hint costs speed; the next one comes in a second.
fn complain(service: &'static str, outcome: KafkaResult<()>) {
    if let Err(error) = outcome {
        tracing::debug!(service, error = %error, "Kafka did not take a hint");
    }
}

fn named(topics: &[Topic], prefix: &str, name: &str) -> Option<Topic> {
    let own = name.strip_prefix(prefix)?;
    topics.iter().copied().find(|topic| topic.name == own)
}

/// Keeps the lanes in step with what the group gives this member.
struct Context {
    lanes: Arc<Lanes>,
    topics: Vec<Topic>,
    prefix: String,
    reporter: Reporter,
}

impl Context {
    fn places(&self, list: &TopicPartitionList) -> Vec<(Topic, i32)> {
        list.elements()
            .iter()
            .filter_map(|one| Some((named(&self.topics, &self.prefix, one.topic())?, one.partition())))
            .collect()
    }
}

impl ClientContext for Context {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        self.reporter.log(level, facility, message);
    }

    fn error(&self, error: KafkaError, reason: &str) {
        self.reporter.error(error, reason);
    }
}

impl ConsumerContext for Context {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, change: &Rebalance<'_>) {
        let mut lanes = self.lanes.lock();
        match change {
            Rebalance::Assign(list) => {
                for place in self.places(list) {
                    lanes.insert(place, Lane::default());
                }
            }
            Rebalance::Revoke(list) => {
                for place in self.places(list) {
                    lanes.remove(&place);
                }
            }
            Rebalance::Error(error) => {
                tracing::warn!(error = %error, "a group could not share its partitions");
            }
        }
    }

    fn post_rebalance(&self, client: &BaseConsumer<Self>, change: &Rebalance<'_>) {
        if let Rebalance::Assign(list) = change {
            // The client remembers that a partition was paused when it was here before.
            complain("rebalance", client.resume(list));
            for (topic, _) in self.places(list) {
                self.lanes.announce(topic);
            }
        }
    }
}
