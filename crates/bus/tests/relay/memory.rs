//! A broker that keeps what it is given, fails when told to, and hangs behind a closed gate.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{Broker, BusError, Mark, Sequenced};
use contracts::Topic;
use tokio::sync::watch;

pub const PARTITIONS: i32 = 3;

pub struct Memory {
    sent: Mutex<Vec<Sequenced>>,
    marks: Mutex<Vec<(i32, i64)>>,
    /// So many publications fail, each after half of its records have arrived.
    pub failures: AtomicU32,
    gate: watch::Sender<bool>,
}

impl Memory {
    pub fn new() -> Arc<Self> {
        Arc::new(Self {
            sent: Mutex::default(),
            marks: Mutex::default(),
            failures: AtomicU32::new(0),
            gate: watch::Sender::new(true),
        })
    }

    /// From now on, publications begin and do not get on.
    pub fn close(&self) {
        self.gate.send_replace(false);
    }

    pub fn open(&self) {
        self.gate.send_replace(true);
    }

    /// What has arrived, in the order of its arrival.
    pub fn sent(&self) -> Vec<Sequenced> {
        self.sent.lock().unwrap().clone()
    }

    /// The watermarks that have arrived, each with its partition.
    pub fn marks(&self) -> Vec<(i32, i64)> {
        self.marks.lock().unwrap().clone()
    }
}

#[async_trait]
impl Broker for Memory {
    async fn partitions(&self, _: Topic) -> Result<i32, BusError> {
        Ok(PARTITIONS)
    }

    async fn publish(&self, records: &[Sequenced]) -> Result<(), BusError> {
        let mut gate = self.gate.subscribe();
        gate.wait_for(|is_open| *is_open).await.unwrap();
        let failing = self
            .failures
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok();
        let arriving = if failing { records.len() / 2 } else { records.len() };
        self.sent.lock().unwrap().extend_from_slice(&records[..arriving]);
        if failing {
            return Err(BusError::Broker("as the test wants it".into()));
        }
        Ok(())
    }

    async fn mark(&self, marks: &[Mark]) -> Result<(), BusError> {
        let said = marks.iter().map(|mark| (mark.partition, mark.sequence));
        self.marks.lock().unwrap().extend(said);
        Ok(())
    }
}
