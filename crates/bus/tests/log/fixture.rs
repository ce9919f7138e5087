//! The outbox as the log of a service that publishes to itself, and a log that a test wrote down.

use std::sync::Arc;

use async_trait::async_trait;
use bus::{BusError, Consumer, Cursor, EventLog, Handler, Lag, Outbox, OutboxLog, Places, Reader, Record};
use contracts::Topic;
use testkit::event_log::{self, Scribe, Site, TOPIC};

/// A service that reads its own outbox.
pub struct Own(testkit::Database);

pub async fn open() -> Own {
    Own(event_log::database().await)
}

impl Site for Own {
    fn outbox(&self) -> Outbox {
        self.0.outbox()
    }

    fn log(&self) -> Arc<dyn EventLog> {
        Arc::new(OutboxLog::new(self.outbox()))
    }

    fn behind_the_end(&self) -> Cursor {
        "9000000000000000.1".parse().unwrap()
    }
}

pub fn consumer_of(log: Arc<dyn EventLog>, outbox: &Outbox, handler: &Arc<Scribe>) -> Consumer {
    let handler = Arc::clone(handler) as Arc<dyn Handler>;
    Consumer::new(log, TOPIC, outbox.clone(), handler)
}

/// A log that delivers what a test wrote down, whatever the order, and more than once if the test says so.
pub struct Scripted(pub Vec<Record>);

impl Scripted {
    /// The records of `outbox` in the order of these places, each with the place it is delivered at.
    pub async fn of(outbox: &Outbox, places: &[usize]) -> Arc<Self> {
        let log = OutboxLog::new(outbox.clone());
        let mut written = Vec::new();
        while written.len() <= places.iter().copied().max().unwrap() {
            written = log.read(TOPIC, &Cursor::start(), 1000).await.unwrap();
        }
        let records = places.iter().zip(1..).map(|(place, at)| {
            let mut record = written[*place].clone();
            record.cursor = format!("0.{at}").parse().unwrap();
            record
        });
        Arc::new(Self(records.collect()))
    }
}

#[async_trait]
impl EventLog for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn reader(&self, _: Topic) -> Box<dyn Reader> {
        Box::new(Self(self.0.clone()))
    }

    async fn lag(&self, _: Topic, _: &Places) -> Result<Lag, BusError> {
        Ok(Lag::default())
    }
}

#[async_trait]
impl Reader for Scripted {
    fn partitions(&self) -> Vec<i32> {
        vec![0]
    }

    async fn read(&self, _: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        let place: usize = after.as_str().trim_start_matches("0.").parse().unwrap();
        Ok(self.0.iter().skip(place).take(limit.into()).cloned().collect())
    }

    async fn changed(&self, _: std::time::Duration) -> bool {
        false
    }
}

/// A log on whose way the first event becomes another one.
pub struct Forged(pub Arc<Scripted>);

#[async_trait]
impl EventLog for Forged {
    fn name(&self) -> &'static str {
        "forged"
    }

    fn reader(&self, _: Topic) -> Box<dyn Reader> {
        Box::new(Self(Arc::clone(&self.0)))
    }

    async fn lag(&self, _: Topic, _: &Places) -> Result<Lag, BusError> {
        Ok(Lag::default())
    }
}

#[async_trait]
impl Reader for Forged {
    fn partitions(&self) -> Vec<i32> {
        vec![0]
    }

    async fn read(&self, partition: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        let mut records = self.0.read(partition, after, limit).await?;
        if *after == Cursor::start() {
            "forged".clone_into(&mut records[0].aggregate);
        }
        Ok(records)
    }

    async fn published(&self, partition: i32, record: &Record) -> Result<Option<Record>, BusError> {
        let before = Cursor::at(record.cursor.sequence()? - 1);
        Ok(self.0.read(partition, &before, 1).await?.pop())
    }

    async fn changed(&self, _: std::time::Duration) -> bool {
        false
    }
}

/// A log whose partition 0 cannot be read, and whose partition 1 is as a test wrote it down.
pub struct HalfBroken(pub Arc<Scripted>);

#[async_trait]
impl EventLog for HalfBroken {
    fn name(&self) -> &'static str {
        "half broken"
    }

    fn reader(&self, _: Topic) -> Box<dyn Reader> {
        Box::new(Self(Arc::clone(&self.0)))
    }

    async fn lag(&self, _: Topic, _: &Places) -> Result<Lag, BusError> {
        Ok(Lag::default())
    }
}

#[async_trait]
impl Reader for HalfBroken {
    fn partitions(&self) -> Vec<i32> {
        vec![0, 1]
    }

    async fn read(&self, partition: i32, after: &Cursor, limit: u16) -> Result<Vec<Record>, BusError> {
        if partition == 0 {
            return Err(BusError::Broker("as the test wants it".into()));
        }
        self.0.read(partition, after, limit).await
    }

    async fn changed(&self, _: std::time::Duration) -> bool {
        false
    }
}
