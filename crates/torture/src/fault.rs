//! A fault as data.

use crate::deed::Deed;
use crate::shape::Shape;

/// What is done to a running platform, and what is expected of it.
#[derive(Debug)]
pub struct Fault {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What happens, and what is to come of it.
    pub sentence: &'static str,
    /// What it happens to.
    pub(crate) shape: Shape,
    /// Who pays.
    pub(crate) clients: Clients,
    /// What is done when.
    pub(crate) plan: Plan,
    /// What is expected beside the rule of all: nothing lost, nothing doubled, order kept.
    pub(crate) promise: Promise,
    /// Traces of which each must be there, or the fault did not bite.
    pub(crate) bites: &'static [&'static str],
}

impl Fault {
    /// The servers that it needs, in words.
    pub fn shape(&self) -> String {
        self.shape.to_string()
    }
}

/// How clients pay.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clients {
    pub(crate) count: u16,
    /// At the rate that was asked for; otherwise as fast as each gets its answer.
    pub(crate) is_paced: bool,
}

/// Enough for several hundred payments a second while an answer takes a fifth of a second.
pub(crate) const USUAL: Clients = Clients {
    count: 96,
    is_paced: true,
};

/// What is done when, in seconds from the fault's beginning.
#[derive(Debug)]
pub(crate) enum Plan {
    /// One thing after the other.
    Steps(&'static [(u64, Deed)]),
    /// The same again and again until the load ends.
    Every(u64, Deed),
}

impl Plan {
    /// How long it takes by itself, in seconds.
    pub(crate) fn length(&self) -> u64 {
        match self {
            Self::Steps(steps) => steps.iter().map(|(at, _)| *at).max().unwrap_or(0),
            Self::Every(..) => 0,
        }
    }
}

/// What clients and operators are promised under a fault. Nothing: only that nothing is lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Promise {
    /// No client sees an error.
    pub(crate) no_errors: bool,
    /// The longest time without an acknowledgement, in seconds.
    pub(crate) pause: Option<u64>,
    /// How long after the last step the backlog may take to be less than two seconds of load, in seconds.
    pub(crate) caught_up: Option<u64>,
}

/// Nothing beyond the rule of all.
pub(crate) const NOTHING: Promise = Promise {
    no_errors: false,
    pause: None,
    caught_up: None,
};
