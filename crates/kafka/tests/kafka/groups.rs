//! Copies of a service share the partitions, and take over from each other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use bus::{BusError, Consumer, Cursor, EventLog, Handler, Lag, OutboxLog, Places, Reader, Record};
use chassis::Transport as _;
use contracts::Topic;
use ids::PaymentId;
use kafka::KafkaTransport;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use testkit::event_log::{Scribe, Site as _, TOPIC, effects, eventually, publish};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::cluster;
use crate::site::{self, Site};

/// One copy of the service, at work.
struct Copy {
    scribe: Arc<Scribe>,
    stop: CancellationToken,
    work: JoinHandle<()>,
}

impl Copy {
    fn of(site: &Site) -> Self {
        let (scribe, stop) = (Scribe::new(), CancellationToken::new());
        let work = tokio::spawn(site.consumer(&scribe).run(stop.clone()));
        Self { scribe, stop, work }
    }

    async fn gets_something(&self) {
        let given = async || self.scribe.given.lock().await.len();
        eventually(given, |given| *given > 0).await;
    }

    async fn leaves(self) {
        self.stop.cancel();
        self.work.await.unwrap();
    }
}

#[tokio::test]
async fn copies_that_come_and_go_write_each_effect_once_and_in_order() {
    let site = Site::with(6, |broker| broker).await;
    let outbox = site.outbox();
    let payments: Vec<PaymentId> = (0..40).map(|_| PaymentId::generate()).collect();
    let is_over = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn({
        let (outbox, payments, is_over) = (outbox.clone(), payments.clone(), Arc::clone(&is_over));
        async move {
            let mut rounds = 0;
            while !is_over.load(Ordering::Relaxed) {
                publish(&outbox, &payments).await;
                rounds += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            rounds
        }
    });
    let mut copies = Vec::new();
    for _ in 0..3 {
        let copy = Copy::of(&site);
        copy.gets_something().await;
        copies.push(copy);
    }
    copies.remove(0).leaves().await;
    let added = Copy::of(&site);
    added.gets_something().await;
    copies.push(added);

    is_over.store(true, Ordering::Relaxed);
    let rounds: i64 = publishing.await.unwrap();
    let all = usize::try_from(rounds).unwrap() * payments.len();
    let written = async || effects(&outbox).await.len();
    eventually(written, |written| *written >= all).await;
    let mut handled: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (aggregate, number) in effects(&outbox).await {
        handled.entry(aggregate).or_default().push(number);
    }
    assert_eq!(handled.len(), payments.len());
    let in_order: Vec<i64> = (1..=rounds).collect();
    for (aggregate, numbers) in handled {
        assert_eq!(numbers, in_order, "{aggregate}");
    }
    for copy in copies {
        copy.leaves().await;
    }
}

#[tokio::test]
async fn who_reads_before_the_topic_is_there_finds_it() {
    let options = cluster::options(&cluster::prefix(), 3);
    let database = testkit::event_log::database().await;
    let outbox = database.outbox();
    let transport = KafkaTransport::new(options);
    let feed = Arc::new(OutboxLog::new(outbox.clone()));
    let log = transport.log(site::SERVICE, feed);
    let scribe = Scribe::new();
    let consumer = Consumer::new(
        log,
        TOPIC,
        outbox.clone(),
        Arc::clone(&scribe) as Arc<dyn Handler>,
    );
    consumer.step().await.unwrap();
    // Long enough for the client to have asked once, and been told that there is no such topic.
    publish(&outbox, &[PaymentId::generate()]).await;
    let asked = tokio::time::Instant::now() + Duration::from_secs(1);
    eventually(async || tokio::time::Instant::now(), |now| *now > asked).await;
    let broker = transport.broker(site::SERVICE);
    let _relay = site::relay(outbox.clone(), broker);
    let published = async || {
        let sum = "select coalesce(sum(published), 0)::bigint from bus.partitions";
        let sum = sqlx::query_scalar(sum).fetch_one(outbox.db().pool());
        sum.await.unwrap()
    };
    eventually(published, |published: &i64| *published == 1).await;
    // A client that is not told otherwise looks for new topics after half a minute or more.
    let drained = testkit::event_log::drain(&consumer);
    tokio::time::timeout(Duration::from_secs(25), drained)
        .await
        .unwrap();
    assert_eq!(effects(&outbox).await.len(), 1);
}

#[tokio::test]
async fn who_leaves_is_not_waited_for() {
    let prefix = cluster::prefix();
    let transport = KafkaTransport::new(cluster::options(&prefix, 3));
    let database = testkit::event_log::database().await;
    transport.broker(site::SERVICE).partitions(TOPIC).await.unwrap();
    let log = transport.log(site::SERVICE, Arc::new(OutboxLog::new(database.outbox())));
    let reader = log.reader(TOPIC);
    let own = async || reader.partitions();
    eventually(own, |own| own.len() == 3).await;
    assert_eq!(members(&prefix).await, 1);
    log.close().await;
    // One that only fell silent would be a member for ten seconds more.
    assert_eq!(members(&prefix).await, 0);
}

/// How many members the group of the service has, by the broker's word.
async fn members(prefix: &str) -> usize {
    let group = format!("{prefix}jeongsan.{}", site::SERVICE);
    let asking = move || {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", cluster::bootstrap())
            .create()
            .unwrap();
        let list = client
            .fetch_group_list(Some(&group), Duration::from_secs(15))
            .unwrap();
        list.groups().iter().map(|group| group.members().len()).sum()
    };
    tokio::task::spawn_blocking(asking).await.unwrap()
}

/// A log whose reader lives and brings nothing, until it begins anew.
struct Stalling {
    log: Arc<dyn EventLog>,
    restarts: Arc<AtomicUsize>,
}

struct StallingReader {
    reader: Box<dyn Reader>,
    restarts: Arc<AtomicUsize>,
}

#[async_trait]
impl EventLog for Stalling {
    fn name(&self) -> &'static str {
        self.log.name()
    }

    fn reader(&self, topic: Topic) -> Box<dyn Reader> {
        Box::new(StallingReader {
            reader: self.log.reader(topic),
            restarts: Arc::clone(&self.restarts),
        })
    }

    async fn lag(&self, topic: Topic, places: &Places) -> Result<Lag, BusError> {
        self.log.lag(topic, places).await
    }
}

#[async_trait]
impl Reader for StallingReader {
    fn partitions(&self) -> Vec<i32> {
        self.reader.partitions()
    }

    async fn read(&self, partition: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        if self.restarts.load(Ordering::Relaxed) == 0 {
            return Ok(Vec::new());
        }
        self.reader.read(partition, after, limit).await
    }

    async fn changed(&self, within: Duration) -> bool {
        self.reader.changed(within).await
    }

    async fn restart(&self) {
        self.restarts.fetch_add(1, Ordering::Relaxed);
        self.reader.restart().await;
    }
}

#[tokio::test]
async fn a_reader_that_brings_nothing_is_made_to_begin_anew() {
    let site = site::open().await;
    let outbox = site.outbox();
    let restarts = Arc::new(AtomicUsize::new(0));
    let log = Arc::new(Stalling {
        log: site.log(),
        restarts: Arc::clone(&restarts),
    });
    let stop = CancellationToken::new();
    let consumer = Consumer::new(log, TOPIC, outbox.clone(), Scribe::new() as Arc<dyn Handler>)
        .with_patience(Duration::from_secs(2));
    let work = tokio::spawn(consumer.run(stop.clone()));
    publish(&outbox, &[PaymentId::generate()]).await;
    eventually(async || effects(&outbox).await.len(), |written| *written == 1).await;
    assert!(restarts.load(Ordering::Relaxed) > 0);
    stop.cancel();
    work.await.unwrap();
}
