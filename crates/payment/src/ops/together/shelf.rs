//! Where places are while nobody uses them.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};

use super::Place;

/// How long a place keeps what it keeps while nobody uses it.
const IDLE: Duration = Duration::from_millis(100);

/// The free places of one kind of work. The one that was put back last is taken first: at low load one connection has all
/// that the server and the processor remember of it at hand.
pub(super) struct Shelf<P: Place> {
    state: Mutex<State<P>>,
    back: Notify,
}

struct State<P> {
    free: Vec<P>,
    is_open: bool,
    used: Instant,
    /// Whether somebody will look at it in a while anyhow.
    is_watched: bool,
    /// Whether a group waits for a place.
    is_wanted: bool,
}

/// A place in use. Dropped, it is put back.
pub(super) struct Taken<'a, P: Place> {
    place: Option<P>,
    shelf: &'a Shelf<P>,
}

impl<P: Place> Default for Shelf<P> {
    /// One without places.
    fn default() -> Self {
        let state = State {
            free: Vec::new(),
            is_open: false,
            used: Instant::now(),
            is_watched: false,
            is_wanted: false,
        };
        Self {
            state: Mutex::new(state),
            back: Notify::new(),
        }
    }
}

impl<P: Place> Shelf<P> {
    /// Puts the first places there.
    pub(super) fn open(&self, places: impl Iterator<Item = P>) {
        let mut state = self.state();
        state.is_open = true;
        state.free.extend(places);
    }

    /// Has none any more, nor takes one back.
    pub(super) fn close(&self) {
        let mut state = self.state();
        state.is_open = false;
        state.free.clear();
    }

    /// One of `count`, where nobody uses any of them, nor waits for one.
    pub(super) fn take_if_all_are_free(&self, count: usize) -> Option<Taken<'_, P>> {
        let mut state = self.state();
        if state.free.len() < count || state.is_wanted {
            return None;
        }
        let place = state.free.pop()?;
        Some(Taken {
            place: Some(place),
            shelf: self,
        })
    }

    /// One, as soon as there is one.
    pub(super) async fn take(&self) -> P {
        loop {
            {
                let mut state = self.state();
                let place = state.free.pop();
                state.is_wanted = place.is_none();
                if let Some(place) = place {
                    return place;
                }
                state.is_watched = false;
            }
            self.back.notified().await;
        }
    }

    /// Puts one back.
    pub(super) fn put(&self, place: P) {
        let mut state = self.state();
        if state.is_open {
            state.free.push(place);
        }
        state.used = Instant::now();
        if !state.is_watched {
            self.back.notify_one();
        }
    }

    /// Returns when the free places have given up what they kept, since nobody has used one for a while.
    pub(super) async fn rested(&self) {
        loop {
            let until = {
                let mut state = self.state();
                state.is_watched = state.free.iter().any(Place::is_kept);
                if state.is_watched && state.used.elapsed() >= IDLE {
                    state.free.iter_mut().for_each(Place::rest);
                    return;
                }
                state.is_watched.then(|| state.used + IDLE)
            };
            match until {
                Some(until) => sleep_until(until).await,
                None => self.back.notified().await,
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State<P>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Place> Taken<'_, P> {
    /// It; none once it is put back.
    pub(super) fn place(&mut self) -> Option<&mut P> {
        self.place.as_mut()
    }
}

impl<P: Place> Drop for Taken<'_, P> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            self.shelf.put(place);
        }
    }
}
