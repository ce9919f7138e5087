//! Test tokens, and what each makes the network do.

/// How the network treats the charge of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Approves it.
    Approve,
    /// Declines it with that code.
    Decline(&'static str),
    /// Executes it and withholds the first answer; a repeat of its key is answered.
    WithholdAnswer,
    /// Loses it the first time, without an answer; a repeat of its key is executed.
    LoseFirst,
    /// Takes its time and then approves it.
    Slow,
    /// Fails the first time without executing it; a repeat of its key is executed.
    FailFirst,
}

/// Every test token. `tok_twice` is executed once and may be asked for and sent again any number of times.
pub const TOKENS: &[(&str, Behaviour)] = &[
    ("tok_ok", Behaviour::Approve),
    ("tok_twice", Behaviour::Approve),
    ("tok_declined", Behaviour::Decline("card_declined")),
    ("tok_insufficient_funds", Behaviour::Decline("insufficient_funds")),
    ("tok_timeout", Behaviour::WithholdAnswer),
    ("tok_timeout_not_executed", Behaviour::LoseFirst),
    ("tok_slow", Behaviour::Slow),
    ("tok_error", Behaviour::FailFirst),
];

impl Behaviour {
    /// The behaviour that a token orders. One that is not in [`TOKENS`] is declined as `invalid_token`.
    pub fn of(token: &str) -> Self {
        TOKENS
            .iter()
            .find(|(name, _)| *name == token)
            .map_or(Self::Decline("invalid_token"), |(_, behaviour)| *behaviour)
    }
}
