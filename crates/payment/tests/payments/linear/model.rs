//! One payment of one tender: what is held, taken, let go and given back, and the one operation that is open.

use serde_json::Value;

use crate::asking::sums;
use crate::linear::checker::Model;

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Command {
    Capture(i64),
    Refund(i64),
    Void,
}

/// Amounts in minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct State {
    pub held: i64,
    pub captured: i64,
    pub voided: i64,
    pub refunded: i64,
    /// The number of the command that is open.
    pub open: Option<usize>,
}

/// What a client saw.
#[derive(Debug, Clone)]
pub enum Step {
    /// A command was taken up: from now on it is open. By its number.
    Begins(usize, Command),
    /// It was done.
    Ends(usize, Command),
    /// It was refused, since the payment's status does not allow it.
    Conflict(Command),
    /// It was refused, since there is less than that.
    Beyond(Command),
    /// The payment was read: status, and what is held, taken, let go and given back.
    Read(String, [i64; 4]),
}

impl Step {
    pub fn read(payment: &Value) -> Self {
        Self::Read(payment["status"].as_str().unwrap().to_owned(), sums(payment))
    }
}

/// A payment of that amount, held.
pub struct Payment {
    pub amount: i64,
}

impl State {
    fn status(self) -> &'static str {
        let Self {
            held,
            captured,
            voided,
            refunded,
            open,
        } = self;
        match () {
            () if open.is_some() => "processing",
            () if refunded > 0 && refunded == captured => "refunded",
            () if refunded > 0 => "partially_refunded",
            () if captured > 0 && held > 0 => "partially_captured",
            () if captured > 0 => "completed",
            () if voided > 0 && held == 0 => "voided",
            () => "authorized",
        }
    }

    fn allows(self, command: Command) -> bool {
        let status = self.status();
        match command {
            Command::Capture(_) | Command::Void => {
                matches!(
                    status,
                    "authorized" | "partially_captured" | "partially_refunded" | "refunded"
                )
            }
            Command::Refund(_) => matches!(status, "partially_captured" | "completed" | "partially_refunded"),
        }
    }

    fn fits(self, command: Command) -> bool {
        match command {
            Command::Capture(minor) => minor <= self.held,
            Command::Void => self.held > 0,
            Command::Refund(minor) => minor <= self.captured - self.refunded,
        }
    }

    fn done(mut self, command: Command) -> Self {
        self.open = None;
        match command {
            Command::Capture(minor) => {
                self.held -= minor;
                self.captured += minor;
            }
            Command::Void => self.voided += std::mem::take(&mut self.held),
            Command::Refund(minor) => self.refunded += minor,
        }
        self
    }
}

impl Model for Payment {
    type State = State;
    type Step = Step;

    fn first(&self) -> State {
        State {
            held: self.amount,
            captured: 0,
            voided: 0,
            refunded: 0,
            open: None,
        }
    }

    fn after(&self, state: &State, step: &Step) -> Option<State> {
        let is_possible = match step {
            Step::Begins(_, command) => state.allows(*command) && state.fits(*command),
            Step::Ends(number, _) => state.open == Some(*number),
            Step::Conflict(command) => !state.allows(*command),
            Step::Beyond(command) => state.allows(*command) && !state.fits(*command),
            Step::Read(status, amounts) => {
                let is = [state.held, state.captured, state.voided, state.refunded];
                *status == state.status() && *amounts == is
            }
        };
        is_possible.then(|| match step {
            Step::Begins(number, _) => State {
                open: Some(*number),
                ..*state
            },
            Step::Ends(_, command) => state.done(*command),
            Step::Conflict(_) | Step::Beyond(_) | Step::Read(..) => *state,
        })
    }
}
