//! Payment methods, and what each makes the double do.

/// How a charge is treated, from its beginning to its last refund. What spoils a request spoils the first of each key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Behaviour {
    /// All goes well.
    Approve,
    /// The same, and a capture leaves no rest.
    OneCapture,
    /// The bank declines it.
    Decline,
    /// The bank declines it, and says so.
    DeclineAs(&'static str),
    /// The bank declines this.
    DeclineLater(&'static str),
    /// The buyer has to act.
    AskBuyer,
    /// Executed, and not answered.
    Withhold,
    /// The same, and the buyer has to act.
    WithholdAndAskBuyer,
    /// Executed, and the answer breaks off.
    Cut,
    /// The connection is closed before anything is executed.
    Lose,
    /// Nothing is executed, and nothing is said.
    Silence,
    /// 500 before anything is executed.
    Fail,
    /// Executed, and 500, which is kept under the key. A webhook tells.
    FailAfter,
    /// 429 before anything is executed.
    Limit,
    /// Executed after a while.
    Slow,
    /// A refund waits for the bank.
    PendingRefund,
    /// Webhooks, each delivered twice.
    TellTwice,
    /// Webhooks, delivered before the answer.
    TellEarly,
    /// Webhooks, signed wrongly at first.
    TellWrongly,
}

const TABLE: &[(&str, Behaviour)] = &[
    ("pm_ok", Behaviour::Approve),
    ("pm_one_capture", Behaviour::OneCapture),
    ("pm_declined", Behaviour::Decline),
    ("pm_do_not_honor", Behaviour::DeclineAs("do_not_honor")),
    ("pm_stolen", Behaviour::DeclineAs("stolen_card")),
    ("pm_capture_declined", Behaviour::DeclineLater("capture")),
    ("pm_refund_declined", Behaviour::DeclineLater("refund")),
    ("pm_increment_declined", Behaviour::DeclineLater("increment")),
    ("pm_3ds", Behaviour::AskBuyer),
    ("pm_withheld", Behaviour::Withhold),
    ("pm_withheld_3ds", Behaviour::WithholdAndAskBuyer),
    ("pm_cut", Behaviour::Cut),
    ("pm_lost", Behaviour::Lose),
    ("pm_silent", Behaviour::Silence),
    ("pm_error", Behaviour::Fail),
    ("pm_error_kept", Behaviour::FailAfter),
    ("pm_limited", Behaviour::Limit),
    ("pm_slow", Behaviour::Slow),
    ("pm_pending_refund", Behaviour::PendingRefund),
    ("pm_webhook_twice", Behaviour::TellTwice),
    ("pm_webhook_early", Behaviour::TellEarly),
    ("pm_webhook_wrong_signature", Behaviour::TellWrongly),
];

impl Behaviour {
    /// That of a payment method; one that is not in the table does not exist.
    pub(super) fn of(payment_method: &str) -> Option<Self> {
        let mut table = TABLE.iter();
        table
            .find(|(name, _)| *name == payment_method)
            .map(|(_, behaviour)| *behaviour)
    }

    /// Why the bank declines it, if it does.
    pub(super) fn decline_code(self) -> Option<&'static str> {
        match self {
            Self::Decline => Some("insufficient_funds"),
            Self::DeclineAs(code) => Some(code),
            _ => None,
        }
    }

    pub(super) fn asks_buyer(self) -> bool {
        matches!(self, Self::AskBuyer | Self::WithholdAndAskBuyer)
    }

    pub(super) fn withholds(self) -> bool {
        matches!(self, Self::Withhold | Self::WithholdAndAskBuyer)
    }

    /// Whether it tells of everything by webhooks.
    pub(super) fn tells(self) -> bool {
        matches!(
            self,
            Self::FailAfter | Self::TellTwice | Self::TellEarly | Self::TellWrongly
        )
    }

    pub(super) fn declines(self, what: &str) -> bool {
        matches!(self, Self::DeclineLater(declined) if declined == what)
    }
}
