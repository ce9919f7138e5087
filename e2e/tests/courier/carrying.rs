//! From the topics of a publisher to those of its listeners.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow};
use contracts::envelope::{CE_SEQUENCE, CE_TYPE, WATERMARK_TYPE};
use contracts::topics;
use rand::rngs::StdRng;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::message::{Headers as _, Message as _, OwnedHeaders, OwnedMessage};
use rdkafka::producer::{BaseRecord, DefaultProducerContext, Producer as _, ThreadedProducer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// Of each topic.
pub const PARTITIONS: i32 = 3;
/// What is shuffled together, at most.
const WINDOW: usize = 60;
/// After so long without a message, the courier delivers what it has.
const PAUSE: Duration = Duration::from_millis(50);
const LIMIT: Duration = Duration::from_secs(30);

/// How a courier carries.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Manners {
    lost: f64,
    lost_watermarks: f64,
    spoilt: f64,
    doubled: f64,
}

impl Manners {
    pub const HONEST: Self = Self {
        lost: 0.0,
        lost_watermarks: 0.0,
        spoilt: 0.0,
        doubled: 0.0,
    };
    pub const BAD: Self = Self {
        lost: 0.01,
        lost_watermarks: 0.25,
        spoilt: 0.001,
        doubled: 0.2,
    };
}

/// What a courier did, in deliveries: an event has one for each service that listens.
#[derive(Debug, Default, Clone, Copy)]
pub struct Carried {
    delivered: u64,
    lost: u64,
    lost_watermarks: u64,
    spoilt: u64,
    doubled: u64,
}

impl Carried {
    /// Whether there is something of everything, or of nothing.
    pub fn is_as_told(self, manners: Manners) -> bool {
        let done = [self.lost, self.lost_watermarks, self.spoilt, self.doubled];
        self.delivered > 0
            && done
                .iter()
                .all(|count| (*count > 0) == (manners != Manners::HONEST))
    }
}

/// A courier at work, in a thread of its own.
pub struct Courier {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<Result<Carried>>,
}

impl Courier {
    /// Makes the topics, and begins.
    pub async fn start(bootstrap: &str, prefix: &str, manners: Manners, seed: u64) -> Result<Self> {
        let routes = routes(prefix);
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", bootstrap);
        let admin: AdminClient<_> = config.create()?;
        let mut names: Vec<&str> = routes.iter().flat_map(|(from, to)| [from.as_str(), to]).collect();
        names.sort_unstable();
        names.dedup();
        let new = names
            .iter()
            .map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)));
        for made in admin
            .create_topics(&new.collect::<Vec<_>>(), &AdminOptions::new())
            .await?
        {
            made.map_err(|(name, code)| anyhow!("{name}: {code}"))?;
        }
        let is_over = Arc::new(AtomicBool::new(false));
        let round = Round {
            producer: config.clone().set("linger.ms", "5").create()?,
            consumer: config
                .set("group.id", format!("{prefix}-courier"))
                .set("enable.auto.commit", "false")
                .create()?,
            routes,
            manners,
            dice: StdRng::seed_from_u64(seed),
            bag: Vec::new(),
            carried: Carried::default(),
        };
        let asked = Arc::clone(&is_over);
        Ok(Self {
            is_over,
            thread: std::thread::spawn(move || round.work(&asked)),
        })
    }

    /// Ends, and says what was done.
    pub fn stop(self) -> Result<Carried> {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().map_err(|_| anyhow!("the courier panicked"))?
    }
}

/// From which topic to which. What a service publishes for itself nobody carries.
fn routes(prefix: &str) -> Vec<(String, String)> {
    let named = |service: &str, topic: &str| format!("{prefix}.{service}.{topic}");
    let mut routes = Vec::new();
    for topic in topics::ALL {
        for consumer in topic
            .consumers
            .iter()
            .filter(|consumer| **consumer != topic.producer)
        {
            routes.push((named(topic.producer, topic.name), named(consumer, topic.name)));
        }
    }
    routes
}

struct Round {
    producer: ThreadedProducer<DefaultProducerContext>,
    consumer: BaseConsumer,
    routes: Vec<(String, String)>,
    manners: Manners,
    dice: StdRng,
    /// What was taken in and not delivered, with its address.
    bag: Vec<(String, OwnedMessage)>,
    carried: Carried,
}

impl Round {
    fn work(mut self, is_over: &AtomicBool) -> Result<Carried> {
        let mut places = TopicPartitionList::new();
        let mut from: Vec<&str> = self.routes.iter().map(|(from, _)| from.as_str()).collect();
        from.dedup();
        for topic in from {
            for partition in 0..PARTITIONS {
                places.add_partition_offset(topic, partition, Offset::Beginning)?;
            }
        }
        self.consumer.assign(&places)?;
        while !is_over.load(Ordering::Relaxed) {
            match self.consumer.poll(PAUSE) {
                Some(message) => {
                    let message = message.context("reading what was published")?.detach();
                    self.take(&message);
                    if self.bag.len() >= WINDOW {
                        self.deliver()?;
                    }
                }
                None => self.deliver()?,
            }
        }
        self.producer.flush(LIMIT)?;
        Ok(self.carried)
    }

    fn take(&mut self, message: &OwnedMessage) {
        let routes = self.routes.iter().filter(|(from, _)| from == message.topic());
        for address in routes.map(|(_, to)| to.clone()).collect::<Vec<_>>() {
            if is_watermark(message) {
                if self.dice.random_bool(self.manners.lost_watermarks) {
                    self.carried.lost_watermarks += 1;
                } else {
                    self.bag.push((address, message.clone()));
                }
            } else if self.dice.random_bool(self.manners.lost) {
                self.carried.lost += 1;
            } else if self.dice.random_bool(self.manners.spoilt) {
                self.carried.spoilt += 1;
                let spoilt = self.spoil(message);
                self.bag.push((address, spoilt));
            } else {
                if self.dice.random_bool(self.manners.doubled) {
                    self.carried.doubled += 1;
                    self.bag.push((address.clone(), message.clone()));
                }
                self.bag.push((address, message.clone()));
            }
        }
    }

    /// Half of a body, a body of another form, or no number.
    fn spoil(&mut self, message: &OwnedMessage) -> OwnedMessage {
        let body = message.payload().unwrap_or_default();
        let (body, headers) = match self.dice.random_range(0..3) {
            0 => (body[..body.len() / 2].to_vec(), message.headers().cloned()),
            1 => (b"{}".to_vec(), message.headers().cloned()),
            _ => (body.to_vec(), message.headers().map(without_a_number)),
        };
        OwnedMessage::new(
            Some(body),
            message.key().map(<[u8]>::to_vec),
            message.topic().to_owned(),
            message.timestamp(),
            message.partition(),
            message.offset(),
            headers,
        )
    }

    fn deliver(&mut self) -> Result<()> {
        let mut bag = std::mem::take(&mut self.bag);
        if self.manners != Manners::HONEST {
            bag.shuffle(&mut self.dice);
        }
        for (address, message) in bag {
            let mut record = BaseRecord::<[u8], [u8]>::to(&address)
                .partition(message.partition())
                .payload(message.payload().unwrap_or_default());
            if let Some(key) = message.key() {
                record = record.key(key);
            }
            if let Some(headers) = message.headers() {
                record = record.headers(headers.clone());
            }
            self.producer.send(record).map_err(|(error, _)| error)?;
            self.carried.delivered += 1;
        }
        Ok(())
    }
}

fn is_watermark(message: &OwnedMessage) -> bool {
    let mut headers = message.headers().into_iter().flat_map(|headers| headers.iter());
    headers.any(|header| header.key == CE_TYPE && header.value == Some(WATERMARK_TYPE.as_bytes()))
}

fn without_a_number(headers: &OwnedHeaders) -> OwnedHeaders {
    let others = headers.iter().filter(|header| header.key != CE_SEQUENCE);
    others.fold(OwnedHeaders::new(), |others, header| others.insert(header))
}
