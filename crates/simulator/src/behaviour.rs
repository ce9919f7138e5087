//! Test tokens, and what each makes the network do.

use crate::charge::Operation;

/// How the network treats a charge, from its beginning to its last refund. Everything that is not named goes well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Behaviour {
    /// Approves it.
    Approve,
    /// Declines it with that code.
    Decline(&'static str),
    /// Executes it and withholds the first answer; a repeat of its key is answered.
    WithholdAnswer,
    /// Executes that operation on it and withholds the first answer; a repeat of its key is answered.
    WithholdAnswerTo(Operation),
    /// Loses it the first time, without an answer; a repeat of its key is executed.
    LoseFirst,
    /// Takes its time and then approves it.
    Slow,
    /// Fails the first time without executing it; a repeat of its key is executed.
    FailFirst,
    /// Has the buyer decide.
    AskBuyer,
    /// Declines that operation on it with that code.
    DeclineOperation(Operation, &'static str),
    /// Declines the first void of it; one with another key is approved.
    DeclineFirstVoid,
    /// Approves a refund of it, which fails later.
    FailRefundLater,
    /// Lets its authorization expire soon.
    ExpireSoon,
    /// Lets the buyer dispute it, some time after money was taken.
    DisputeLater,
    /// Tells of it by webhooks from the first execution on, in an odd manner.
    Webhooks(Manner),
}

/// What is odd about the webhooks of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Each is delivered once more after it was acknowledged.
    Twice,
    /// The one of an execution goes out before that is answered.
    Early,
    /// The first delivery of each is badly signed.
    WronglySigned,
}

/// A test token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Token {
    /// As it stands in an order. It begins with `tok_` (cards), `vch_` (vouchers) or `pts_` (points).
    pub name: &'static str,
    /// What the network does.
    pub behaviour: Behaviour,
    /// The same for people. "Later" is after `simulator.late_ms`.
    pub does: &'static str,
}

const fn token(name: &'static str, behaviour: Behaviour, does: &'static str) -> Token {
    Token {
        name,
        behaviour,
        does,
    }
}

/// Every test token. The token that a charge was made with counts for all that happens to it afterwards.
#[rustfmt::skip]
pub const TOKENS: &[Token] = &[
    token("tok_ok", Behaviour::Approve, "approved"),
    token("tok_twice", Behaviour::Approve, "executed once; may be asked for and sent again any number of times"),
    token("tok_declined", Behaviour::Decline("card_declined"), "declined, card_declined"),
    token("tok_insufficient_funds", Behaviour::Decline("insufficient_funds"), "declined, insufficient_funds"),
    token("tok_timeout", Behaviour::WithholdAnswer, "executed; the first answer is withheld for simulator.withhold_ms"),
    token("tok_timeout_not_executed", Behaviour::LoseFirst, "lost the first time, without an answer; its repeat is executed"),
    token("tok_slow", Behaviour::Slow, "executed after simulator.slow_ms"),
    token("tok_error", Behaviour::FailFirst, "answered 500 the first time and not executed; its repeat is executed"),
    token("tok_3ds", Behaviour::AskBuyer, "pending until the buyer approves or declines (authentication_failed) at action.url"),
    token("tok_3ds_frictionless", Behaviour::Approve, "approved, the buyer is not asked"),
    token("tok_capture_declined", Behaviour::DeclineOperation(Operation::Capture, "capture_declined"), "authorized; captures are declined, capture_declined"),
    token("tok_refund_declined", Behaviour::DeclineOperation(Operation::Refund, "refund_declined"), "approved; refunds are declined, refund_declined"),
    token("tok_refund_fails_later", Behaviour::FailRefundLater, "approved; a refund is approved and declined later, refund_failed"),
    token("tok_increment_declined", Behaviour::DeclineOperation(Operation::Increment, "increment_declined"), "authorized; increments are declined, increment_declined"),
    token("tok_void_declined_once", Behaviour::DeclineFirstVoid, "authorized; the first void is declined, try_later; one with a new key is approved"),
    token("tok_capture_timeout", Behaviour::WithholdAnswerTo(Operation::Capture), "authorized; a capture is executed and its first answer withheld"),
    token("tok_refund_timeout", Behaviour::WithholdAnswerTo(Operation::Refund), "approved; a refund is executed and its first answer withheld"),
    token("tok_expires", Behaviour::ExpireSoon, "authorized; the authorization expires later instead of after simulator.authorization_ms"),
    token("tok_disputed", Behaviour::DisputeLater, "approved; later than its first capture or sale a dispute of all that is captured opens by itself"),
    token("tok_webhook_twice", Behaviour::Webhooks(Manner::Twice), "approved; a webhook of every operation, each delivered twice"),
    token("tok_webhook_early", Behaviour::Webhooks(Manner::Early), "approved; a webhook of every operation, sent before the operation is answered"),
    token("tok_webhook_wrong_signature", Behaviour::Webhooks(Manner::WronglySigned), "approved; a webhook of every operation, first badly signed and then rightly"),
    token("vch_ok", Behaviour::Approve, "a voucher: approved"),
    token("vch_declined", Behaviour::Decline("voucher_declined"), "a voucher: declined, voucher_declined"),
    token("pts_ok", Behaviour::Approve, "points: approved"),
    token("pts_declined", Behaviour::Decline("points_declined"), "points: declined, points_declined"),
    token("pts_insufficient", Behaviour::Decline("insufficient_points"), "points: declined, insufficient_points"),
];

impl Behaviour {
    /// The behaviour that a token orders. One that is not in [`TOKENS`] is declined as `invalid_token`.
    pub fn of(token: &str) -> Self {
        TOKENS
            .iter()
            .find(|known| known.name == token)
            .map_or(Self::Decline("invalid_token"), |known| known.behaviour)
    }

    /// What is odd about the webhooks, if anything.
    pub(crate) fn manner(self) -> Option<Manner> {
        match self {
            Self::Webhooks(manner) => Some(manner),
            _ => None,
        }
    }

    /// Whether the first answer to that operation is withheld.
    pub(crate) fn withholds(self, operation: Operation) -> bool {
        self == Self::WithholdAnswer || self == Self::WithholdAnswerTo(operation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn a_token_stands_once_in_the_table_and_says_its_kind() {
        let names: HashSet<_> = TOKENS.iter().map(|token| token.name).collect();
        assert_eq!(names.len(), TOKENS.len());
        for name in names {
            let kinds = ["tok_", "vch_", "pts_"];
            assert!(kinds.iter().any(|kind| name.starts_with(kind)), "{name}");
        }
    }
}
