//! Requests that arrive together are worked on together: the disk is waited for once for all of them.

mod shelf;

use std::panic::AssertUnwindSafe;
use std::pin::pin;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use bus::AtOnce;
use futures::FutureExt as _;
use futures::stream::{FuturesUnordered, StreamExt as _};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use crate::error::Error;
use shelf::Shelf;

/// How many wait in a queue; more wait for a place in it.
const LONGEST: usize = 4_096;

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
pub struct Queue<W: Together> {
    waiting: mpsc::Sender<Waiting<W>>,
    shelf: Arc<Shelf<W::Place>>,
}

/// The end of a queue at which groups are taken.
pub struct Groups<W: Together> {
    waiting: mpsc::Receiver<Waiting<W>>,
    shelf: Arc<Shelf<W::Place>>,
}

/// A queue.
pub(super) fn queue<W: Together>() -> (Queue<W>, Groups<W>) {
    let (sender, receiver) = mpsc::channel(LONGEST);
    let shelf = Arc::<Shelf<W::Place>>::default();
    let queue = Queue {
        waiting: sender,
        shelf: Arc::clone(&shelf),
    };
    let groups = Groups {
        waiting: receiver,
        shelf,
    };
    (queue, groups)
}

impl<W: Together> Queue<W> {
    /// Has it done with whatever else arrives at the time; what comes alone does it itself, and is to be polled to its end:
    /// given up, nothing is known of what became of it.
    ///
    /// # Errors
    /// [`Error::NotNow`] where nobody works on the queue any more: nothing is known of what became of it either.
    pub(super) async fn wait(&self, work: &W, item: W::Item) -> Result<W::Outcome, Error> {
        let gone = |what: &str| Error::NotNow(what.to_owned());
        // To hand it over and to be handed the outcome wakes two tasks, and mostly other threads: of one payment alone that
        // is a good part of its time.
        if self.is_empty()
            && let Some(mut taken) = self.shelf.take_if_all_are_free(W::SIDE_BY_SIDE)
            && let Some(place) = taken.place()
        {
            measure::<W>(1);
            let done = AssertUnwindSafe(work.go(place, vec![item])).catch_unwind().await;
            if done.is_err() {
                *place = renewed(work);
            }
            let outcome = done.ok().and_then(|mut outcomes| outcomes.pop());
            return outcome.ok_or_else(|| gone("what became of it is not known"));
        }
        let (reply, outcome) = oneshot::channel();
        let waiting = Waiting { item, reply };
        let sent = self.waiting.send(waiting).await;
        sent.map_err(|_| gone("the service is stopping"))?;
        outcome.await.map_err(|_| gone("what became of it is not known"))
    }

    fn is_empty(&self) -> bool {
        self.waiting.capacity() == self.waiting.max_capacity()
    }
}

impl<W: Together> Groups<W> {
    /// Does what is in the queue until `stop`. What arrives while all places are taken is the next group: at low load a
    /// group is one and waits for nothing, at high load the disk is waited for once for many. While one group waits for
    /// the database, another has the next one written: so the disk, the server and this process work at the same time.
    ///
    /// All groups are driven by the one task that takes them, for the same reason as one that comes alone does it itself.
    pub(super) async fn run(mut self, work: W, stop: CancellationToken) {
        let places = Arc::clone(&self.shelf);
        places.open((0..W::SIDE_BY_SIDE).map(|_| work.place()));
        let mut running = FuturesUnordered::new();
        // How many are being worked on.
        let mut busy: usize = 0;
        let mut group = Vec::new();
        let end = |(size, ended)| {
            places.put(place_of(&work, ended));
            size
        };
        loop {
            tokio::select! {
                biased;
                Some(ended) = running.next() => busy -= end(ended),
                () = stop.cancelled() => break,
                count = self.waiting.recv_many(&mut group, W::GROUP), if group.is_empty() => {
                    if count == 0 {
                        break;
                    }
                }
                place = places.take(), if !group.is_empty() => {
                    // As many as a group beside it has: a small one costs the database nearly as much as a large one.
                    let expected = busy.checked_div(W::SIDE_BY_SIDE - 1).unwrap_or(0);
                    // Who is answered meanwhile may be who comes again.
                    let answered = running.by_ref().for_each(|ended| {
                        busy -= end(ended);
                        std::future::ready(())
                    });
                    self.gather(&mut group, expected, answered).await;
                    busy += group.len();
                    let answering = answer(work.clone(), place, std::mem::take(&mut group));
                    running.push(answering);
                }
                // A connection that nobody needs is another's.
                () = places.rested(), if group.is_empty() => {}
            }
        }
        places.close();
        while running.next().await.is_some() {}
    }

    /// Lets a group grow to the size of those that are worked on beside it, for a moment at most: who was answered just now
    /// may be about to come again. Where nobody is worked on, nobody waits.
    async fn gather(
        &mut self,
        group: &mut Vec<Waiting<W>>,
        expected: usize,
        meanwhile: impl Future<Output = ()>,
    ) {
        let begin = Instant::now();
        let mut meanwhile = pin!(meanwhile.fuse());
        loop {
            while group.len() < W::GROUP
                && let Ok(one) = self.waiting.try_recv()
            {
                group.push(one);
            }
            if group.len() >= expected || begin.elapsed() >= W::PATIENCE {
                return;
            }
            // Not a sleep, whose shortest is a millisecond: whatever else is ready in this process goes first.
            tokio::select! {
                biased;
                () = &mut meanwhile => {}
                () = tokio::task::yield_now() => {}
            }
        }
    }
}

/// The place of a group that has ended.
fn place_of<W: Together>(work: &W, ended: thread::Result<W::Place>) -> W::Place {
    ended.unwrap_or_else(|_panic| renewed(work))
}

/// A new place for one where a group panicked: nobody knows what is left of it.
fn renewed<W: Together>(work: &W) -> W::Place {
    tracing::error!(name = W::NAME, "a group panicked");
    work.place()
}

/// Has a group done and answered; returns its size and, unless it panicked, its place.
async fn answer<W: Together>(
    work: W,
    mut place: W::Place,
    group: Vec<Waiting<W>>,
) -> (usize, thread::Result<W::Place>) {
    let size = group.len();
    let answering = async {
        measure::<W>(size);
        let (all, replies): (Vec<_>, Vec<_>) = group.into_iter().map(|w| (w.item, w.reply)).unzip();
        let outcomes = work.go(&mut place, all).await;
        for (outcome, reply) in outcomes.into_iter().zip(replies) {
            // A client that went away comes again with its key.
            let _gone = reply.send(outcome);
        }
        place
    };
    (size, AssertUnwindSafe(answering).catch_unwind().await)
}

fn measure<W: Together>(size: usize) {
    if let Ok(size) = u32::try_from(size) {
        metrics::histogram!("jeongsan_payment_group_size", "step" => W::NAME).record(f64::from(size));
    }
}

#[cfg(test)]
mod tests;
