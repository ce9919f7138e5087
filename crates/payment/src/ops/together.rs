//! Requests that arrive together are worked on together: the disk is waited for once for all of them.

use std::time::{Duration, Instant};

use bus::AtOnce;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{JoinError, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::error::Error;

/// How many wait in a queue; more wait for a place in it.
const LONGEST: usize = 4_096;
/// How long a place keeps what it keeps while nothing arrives.
const IDLE: Duration = Duration::from_millis(100);

/// Work that is done for a group of requests at once.
pub trait Together: Clone + Send + 'static {
    /// What it is called in metrics.
    const NAME: &'static str;
    /// How many requests a group has at most.
    const GROUP: usize;
    /// Groups that are under way at the same time.
    const SIDE_BY_SIDE: usize;
    /// How long a group waits for those that may be about to come; see [`Groups::gather`].
    const PATIENCE: Duration;
    /// One request of a group.
    type Item: Send + 'static;
    /// Its result.
    type Outcome: Send + 'static;
    /// Where a group is done.
    type Place: Place;

    /// A new place.
    fn place(&self) -> Self::Place;

    /// Does it for a group. The outcomes stand in the order of the items.
    fn go(
        &self,
        place: &mut Self::Place,
        group: Vec<Self::Item>,
    ) -> impl Future<Output = Vec<Self::Outcome>> + Send;
}

/// Where a group is done, and what is kept there for the next one.
pub trait Place: Send + 'static {
    /// Whether it keeps what others could use.
    fn is_kept(&self) -> bool;
    /// Gives that up.
    fn rest(&mut self);
}

impl Place for () {
    fn is_kept(&self) -> bool {
        false
    }

    fn rest(&mut self) {}
}

impl Place for AtOnce {
    fn is_kept(&self) -> bool {
        Self::is_kept(self)
    }

    fn rest(&mut self) {
        Self::rest(self);
    }
}

/// Why a group was not done.
pub(super) enum Failed {
    /// Nothing of it was: each is to be tried by itself.
    Alone(Error),
    /// The database is not there, or nobody knows what it did: all of them come again, under their keys.
    NotNow(String),
}

impl From<sqlx::Error> for Failed {
    /// Whoever was in the way of one of them need not be in the way of the others.
    fn from(error: sqlx::Error) -> Self {
        if postgres::was_in_the_way(&error) {
            Self::Alone(error.into())
        } else {
            Error::from(error).into()
        }
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        match error {
            Error::NotNow(reason) => Self::NotNow(reason),
            other => Self::Alone(other),
        }
    }
}

/// One that waits for its turn.
pub struct Waiting<W: Together> {
    item: W::Item,
    reply: oneshot::Sender<W::Outcome>,
}

/// The end of a queue at which one waits.
pub struct Queue<W: Together>(mpsc::Sender<Waiting<W>>);

/// The end of a queue at which groups are taken.
pub struct Groups<W: Together>(mpsc::Receiver<Waiting<W>>);

/// A queue.
pub(super) fn queue<W: Together>() -> (Queue<W>, Groups<W>) {
    let (sender, receiver) = mpsc::channel(LONGEST);
    (Queue(sender), Groups(receiver))
}

impl<W: Together> Queue<W> {
    /// Has it done with whatever else arrives at the time.
    ///
    /// # Errors
    /// [`Error::NotNow`] where nobody works on the queue any more: nothing is known of what became of it.
    pub(super) async fn wait(&self, item: W::Item) -> Result<W::Outcome, Error> {
        let gone = |what: &str| Error::NotNow(what.to_owned());
        let (reply, outcome) = oneshot::channel();
        let waiting = Waiting { item, reply };
        let sent = self.0.send(waiting).await;
        sent.map_err(|_| gone("the service is stopping"))?;
        outcome.await.map_err(|_| gone("what became of it is not known"))
    }
}

impl<W: Together> Groups<W> {
    /// Does what is in the queue until `stop`. What arrives while all places are taken is the next group: at low load a
    /// group is one and waits for nothing, at high load the disk is waited for once for many. While one group waits for
    /// the database, another has the next one written: so the disk, the server and this process work at the same time.
    pub(super) async fn run(mut self, work: W, stop: CancellationToken) {
        // The place that was used last is used next: at low load one connection has all that the server and the
        // processor remember of it at hand.
        let mut places: Vec<W::Place> = (0..W::SIDE_BY_SIDE).map(|_| work.place()).collect();
        let mut running = JoinSet::new();
        let mut group = Vec::new();
        let mut expected = 0;
        loop {
            tokio::select! {
                biased;
                Some(ended) = running.join_next() => places.push(place_of(&work, ended)),
                () = stop.cancelled() => break,
                count = self.0.recv_many(&mut group, W::GROUP), if !places.is_empty() => {
                    if count == 0 {
                        break;
                    }
                    self.gather(&mut group, expected).await;
                    expected = group.len();
                    let place = places.pop().unwrap_or_else(|| work.place());
                    running.spawn(answer(work.clone(), place, std::mem::take(&mut group)));
                }
                // A connection that nobody needs is another's.
                () = tokio::time::sleep(IDLE), if places.iter().any(Place::is_kept) => {
                    places.iter_mut().for_each(Place::rest);
                    expected = 0;
                }
            }
        }
        while running.join_next().await.is_some() {}
    }

    /// Lets a group grow to the size of the one before, for a moment at most: who was answered just now may be about to
    /// come again. Otherwise the first of them is a group alone, and takes the place that all could have had. One who
    /// comes alone waits for nobody.
    async fn gather(&mut self, group: &mut Vec<Waiting<W>>, expected: usize) {
        let begin = Instant::now();
        while group.len() < expected && begin.elapsed() < W::PATIENCE {
            // Not a sleep, whose shortest is a millisecond: whatever else is ready in this process goes first.
            tokio::task::yield_now().await;
            while group.len() < W::GROUP
                && let Ok(one) = self.0.try_recv()
            {
                group.push(one);
            }
        }
    }
}

fn place_of<W: Together>(work: &W, ended: Result<W::Place, JoinError>) -> W::Place {
    ended.unwrap_or_else(|error| {
        tracing::error!(error = %error, name = W::NAME, "a group ended by itself");
        work.place()
    })
}

async fn answer<W: Together>(work: W, mut place: W::Place, group: Vec<Waiting<W>>) -> W::Place {
    if let Ok(size) = u32::try_from(group.len()) {
        metrics::histogram!("jeongsan_payment_group_size", "step" => W::NAME).record(f64::from(size));
    }
    let (all, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|w| (w.item, w.reply)).unzip();
    let outcomes = work.go(&mut place, all).await;
    for (outcome, reply) in outcomes.into_iter().zip(replies) {
        // A client that went away comes again with its key.
        let _gone = reply.send(outcome);
    }
    place
}
