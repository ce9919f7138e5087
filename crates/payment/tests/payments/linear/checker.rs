//! Whether a history of overlapping steps is one of steps that happen at an instant each, between beginning and end.
//!
//! The search of Wing and Gong with the memory of Lowe ("Testing for linearizability", 2017): whatever is next is a step
//! that began before every step that is left had ended; which steps are done, and the state after them, are tried once.

use std::collections::HashSet;
use std::fmt::Debug;
use std::hash::Hash;

/// What steps do.
pub trait Model {
    /// What they change.
    type State: Clone + Eq + Hash + Debug;
    /// One of them, with what its client saw.
    type Step: Debug;

    /// The state at first.
    fn first(&self) -> Self::State;

    /// The state after `step`, if it may be next and its client may have seen what it saw.
    fn after(&self, state: &Self::State, step: &Self::Step) -> Option<Self::State>;
}

/// A step, and when it was.
#[derive(Debug, Clone)]
pub struct Call<S> {
    /// What.
    pub step: S,
    /// It did not happen before.
    pub began: u64,
    /// It did not happen after; none: at any time, or never.
    pub ended: Option<u64>,
}

/// Why a history can't be one of single steps.
#[derive(Debug)]
pub struct Impossible {
    /// The most steps that could be put in an order.
    pub longest: usize,
    /// Steps that were left then, as a person reads them.
    pub left: Vec<String>,
}

/// Puts the calls into an order.
///
/// # Errors
/// Where there is none.
pub fn check<M: Model>(model: &M, calls: &[Call<M::Step>]) -> Result<(), Impossible> {
    let mut order: Vec<usize> = (0..calls.len()).collect();
    order.sort_by_key(|place| calls[*place].began);
    let mut search = Search {
        model,
        calls,
        order,
        tried: HashSet::new(),
        longest: Set::of(calls.len()),
    };
    let done = Set::of(calls.len());
    if search.goes_on(done, model.first()) {
        return Ok(());
    }
    let left = search.order.iter().filter(|place| !search.longest.has(**place));
    Err(Impossible {
        longest: search.longest.len(),
        left: left
            .take(24)
            .map(|place| format!("{:?}", calls[*place]))
            .collect(),
    })
}

struct Search<'a, M: Model> {
    model: &'a M,
    calls: &'a [Call<M::Step>],
    /// The calls by their beginning.
    order: Vec<usize>,
    tried: HashSet<(Set, M::State)>,
    longest: Set,
}

impl<M: Model> Search<'_, M> {
    /// Whether what is left can be put in an order after `done`. A stack of its own: histories are long.
    fn goes_on(&mut self, done: Set, state: M::State) -> bool {
        let mut open = vec![(done, state)];
        while let Some((done, state)) = open.pop() {
            if !self.tried.insert((done.clone(), state.clone())) {
                continue;
            }
            if done.len() > self.longest.len() {
                self.longest = done.clone();
            }
            let left = || self.order.iter().copied().filter(|place| !done.has(*place));
            // Nothing that began later may be before it.
            let Some(first_end) = left().filter_map(|place| self.calls[place].ended).min() else {
                return true;
            };
            let next = left().take_while(|place| self.calls[*place].began <= first_end);
            let mut next: Vec<_> = next
                .filter_map(|place| {
                    let after = self.model.after(&state, &self.calls[place].step)?;
                    Some((done.with(place), after))
                })
                .collect();
            // What may be next and changes nothing is in nobody's way: nothing else need be tried before it.
            if let Some(idle) = next.iter().position(|(_, after)| *after == state) {
                next = vec![next.swap_remove(idle)];
            }
            // The earliest first: mostly it is as it seems.
            open.extend(next.into_iter().rev());
        }
        false
    }
}

/// A set of places.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Set {
    words: Vec<u64>,
    count: usize,
}

impl Set {
    fn of(size: usize) -> Self {
        Self {
            words: vec![0; size.div_ceil(64)],
            count: 0,
        }
    }

    fn has(&self, place: usize) -> bool {
        self.words[place / 64] >> (place % 64) & 1 == 1
    }

    fn with(&self, place: usize) -> Self {
        let mut more = self.clone();
        more.words[place / 64] |= 1 << (place % 64);
        more.count += 1;
        more
    }

    fn len(&self) -> usize {
        self.count
    }
}
