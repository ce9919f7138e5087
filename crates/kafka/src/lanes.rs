//! The lanes of one member of a group, shared by the thread that fills them and the consumers that empty them.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contracts::Topic;
use tokio::sync::Notify;

use crate::lane::{Lane, Next};

/// A partition of a topic.
pub(crate) type Place = (Topic, i32);

/// What this member reads now, and what came of it.
#[derive(Debug)]
pub(crate) struct Lanes {
    by_place: Mutex<BTreeMap<Place, Lane>>,
    /// Whether a lane was emptied that Kafka waits for.
    is_hungry: AtomicBool,
    news: HashMap<Topic, Arc<Notify>>,
}

impl Lanes {
    pub(crate) fn new(topics: &[Topic]) -> Self {
        Self {
            by_place: Mutex::default(),
            is_hungry: AtomicBool::default(),
            news: topics
                .iter()
                .map(|topic| (*topic, Arc::new(Notify::new())))
                .collect(),
        }
    }

    /// A lock that no panic can break: nothing in a lane is half done between two statements.
    pub(crate) fn lock(&self) -> MutexGuard<'_, BTreeMap<Place, Lane>> {
        self.by_place.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What comes behind a place in one lane; nothing where that is not this member's.
    pub(crate) fn next(&self, place: Place, after: i64, limit: usize) -> Next {
        let mut lanes = self.lock();
        let Some(lane) = lanes.get_mut(&place) else {
            return Next::Nothing;
        };
        let next = lane.next(after, limit);
        if lane.wants_more() {
            self.is_hungry.store(true, Ordering::Relaxed);
        }
        next
    }

    /// Whether a lane wants more since this was asked the last time.
    pub(crate) fn were_emptied(&self) -> bool {
        self.is_hungry.swap(false, Ordering::Relaxed)
    }

    /// The partitions of a topic that are this member's.
    pub(crate) fn partitions(&self, topic: Topic) -> Vec<i32> {
        let lanes = self.lock();
        let own = lanes.keys().filter(|(of, _)| *of == topic);
        own.map(|(_, partition)| *partition).collect()
    }

    /// Wakes the consumer of a topic.
    pub(crate) fn announce(&self, topic: Topic) {
        if let Some(news) = self.news.get(&topic) {
            news.notify_one();
        }
    }

    /// Returns when something has come for the topic since the last call.
    pub(crate) async fn news(&self, topic: Topic) {
        match self.news.get(&topic) {
            Some(news) => news.notified().await,
            None => std::future::pending().await,
        }
    }
}
