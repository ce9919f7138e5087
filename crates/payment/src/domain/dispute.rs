//! A dispute, and what each of its changes does to money.

use chrono::{DateTime, Utc};
use contracts::events::{DisputeState, DisputedFunds, DisputedLine};
use ids::{DisputeId, PaymentId};
use money::Money;

use super::operation::{Done, Operation};
use super::parts::{OwedLine, Part, spread};
use super::payment::{ConnectorName, Payment};
use super::status::given_up;

/// What a connector tells of a dispute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DisputeNews {
    /// The connector's own name for it.
    pub reference: String,
    /// The connector's own name for the charge that is disputed.
    pub charge: String,
    /// How much. Another currency than the payment's can't be booked.
    pub amount: Money,
    /// Why, in its words.
    pub reason: String,
    /// Where it stands.
    pub state: DisputeState,
    /// Whether the bank has the money, where the connector's word tells it. It counts for a review only: the other states
    /// tell it themselves.
    pub is_withdrawn: Option<bool>,
    /// Until when evidence helps.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// When it changed.
    pub changed_at: DateTime<Utc>,
}

/// A dispute of one tender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Its name.
    pub id: DisputeId,
    /// The payment.
    pub payment_id: PaymentId,
    /// Which tender of it.
    pub tender_number: i32,
    /// Who tells of it.
    pub connector: ConnectorName,
    /// The connector's own name for it.
    pub reference: String,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// Why, in the connector's words.
    pub reason: String,
    /// Where it stands.
    pub state: DisputeState,
    /// Whether the bank has the money now.
    pub is_withdrawn: bool,
    /// What is disputed of which lines.
    pub parts: Vec<Part>,
    /// Counts its changes.
    pub version: i32,
    /// Until when evidence helps.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// When it was first heard of.
    pub opened_at: DateTime<Utc>,
    /// When it changed last, as the connector says.
    pub changed_at: DateTime<Utc>,
}

impl Dispute {
    /// A dispute of that tender that was heard of for the first time, and what that does to money. It has no parts yet.
    pub fn opened(
        (payment_id, tender_number): (PaymentId, i32),
        connector: ConnectorName,
        news: &DisputeNews,
        now: DateTime<Utc>,
    ) -> (Self, DisputedFunds) {
        let is_withdrawn = is_withdrawn(news, false);
        let dispute = Self {
            id: DisputeId::generate(),
            payment_id,
            tender_number,
            connector,
            reference: news.reference.clone(),
            amount_minor: news.amount.amount_minor(),
            reason: news.reason.clone(),
            state: news.state,
            is_withdrawn,
            parts: Vec::new(),
            version: 1,
            evidence_due_at: news.evidence_due_at,
            opened_at: now,
            changed_at: news.changed_at,
        };
        let funds = if is_withdrawn {
            DisputedFunds::Withdrawn
        } else {
            DisputedFunds::Unmoved
        };
        (dispute, funds)
    }

    /// The dispute after `news`, and what that does to money; none where it is old news. What a connector says is
    /// taken as it is: a webhook that got lost on the way must not keep the next one out.
    #[must_use]
    pub fn after(&self, news: &DisputeNews) -> Option<(Self, DisputedFunds)> {
        if news.changed_at <= self.changed_at || is_final(self.state) {
            return None;
        }
        let is_withdrawn = is_withdrawn(news, self.is_withdrawn);
        let funds = match (self.is_withdrawn, is_withdrawn) {
            (false, true) => DisputedFunds::Withdrawn,
            (true, false) => DisputedFunds::Returned,
            _ => DisputedFunds::Unmoved,
        };
        let after = Self {
            state: news.state,
            is_withdrawn,
            version: self.version.saturating_add(1),
            evidence_due_at: news.evidence_due_at,
            changed_at: news.changed_at,
            ..self.clone()
        };
        Some((after, funds))
    }

    /// What `news` says otherwise than was booked, and does not change: how much is disputed.
    pub fn contradiction(&self, news: &DisputeNews) -> Option<String> {
        let (known, told) = (self.amount_minor, news.amount.amount_minor());
        (known != told).then(|| format!("it was of {known} minor units, and is told of as one of {told}"))
    }

    /// Whether a change that did that to money leaves more or less for good of what its tender keeps: the bank took it, or
    /// leaves it from now on. What it returns before it has decided it may take again.
    pub fn is_felt(&self, funds: DisputedFunds) -> bool {
        funds == DisputedFunds::Withdrawn || (is_final(self.state) && !self.is_withdrawn)
    }

    /// Whether evidence is heard.
    pub fn takes_evidence(&self) -> bool {
        matches!(
            self.state,
            DisputeState::Warning | DisputeState::NeedsResponse | DisputeState::UnderReview
        )
    }
}

/// Whether the bank has the money by these news. A review may be one of a mere warning: where the connector does not tell
/// which, it changes nothing about it.
pub fn is_withdrawn(news: &DisputeNews, before: bool) -> bool {
    match news.state {
        DisputeState::Warning | DisputeState::WarningClosed | DisputeState::Won => false,
        DisputeState::NeedsResponse | DisputeState::Lost => true,
        DisputeState::UnderReview => news.is_withdrawn.unwrap_or(before),
    }
}

/// What is over stays over.
pub fn is_final(state: DisputeState) -> bool {
    matches!(
        state,
        DisputeState::WarningClosed | DisputeState::Won | DisputeState::Lost
    )
}

/// Spreads what is disputed of a tender over what is left of the lines. What refunds under way are to give back is not
/// left, of the lines and of the tender. Where more is disputed than they have left, the rest belongs to no line: else
/// partners would bear it twice, or lines would have nothing left of what other tenders still keep. A payment that is given
/// up has no parts at all: it was never told of as completed, so that nobody was credited.
pub fn disputed_parts(
    payment: &Payment,
    history: &[Done],
    tender_number: i32,
    amount_minor: i64,
) -> Vec<Part> {
    if given_up(history).is_some() {
        return Vec::new();
    }
    let mut left = payment.lines.clone();
    for line in &mut left {
        let number = line.line.line_number;
        let going = open(history, Operation::Refund)
            .flat_map(|done| &done.parts)
            .filter(|part| part.line_number == number)
            .fold(0_i64, |sum, part| sum.saturating_add(part.amount_minor));
        line.refunded_minor = line.refunded_minor.saturating_add(going);
    }
    let kept = kept_minor(payment, history, tender_number);
    spread(&left, amount_minor.min(kept))
}

/// What that tender keeps once its refunds under way are through. A capture counts whose outcome is open: a bank that
/// disputes it says that it was made.
fn kept_minor(payment: &Payment, history: &[Done], tender_number: i32) -> i64 {
    let moving = |operation| {
        open(history, operation)
            .filter(|done| done.tender_number == tender_number)
            .fold(0_i64, |sum, done| sum.saturating_add(done.amount_minor))
    };
    let Some(tender) = payment.tender(tender_number) else {
        return 0;
    };
    tender
        .amounts
        .captured_minor
        .saturating_add(moving(Operation::Capture))
        .saturating_add(moving(Operation::Sale))
        .saturating_sub(tender.amounts.refunded_minor)
        .saturating_sub(moving(Operation::Refund))
        .saturating_sub(tender.amounts.disputed_minor)
        .max(0)
}

/// The operations of that kind whose outcome is still to come.
fn open(history: &[Done], operation: Operation) -> impl Iterator<Item = &Done> {
    history
        .iter()
        .filter(move |done| done.operation == operation && done.state.is_open())
}

/// The same as it is told.
pub fn disputed_lines(lines: &[OwedLine], parts: &[Part]) -> Vec<DisputedLine> {
    let told = |part: &Part| {
        let line = lines
            .iter()
            .find(|line| line.line.line_number == part.line_number)?;
        Some(DisputedLine {
            line_number: part.line_number,
            partner_id: line.line.partner_id,
            disputed_minor: part.amount_minor,
        })
    };
    parts.iter().filter_map(told).collect()
}

/// The word of a state in the database and on the wire.
pub const fn word(state: DisputeState) -> &'static str {
    match state {
        DisputeState::Warning => "warning",
        DisputeState::WarningClosed => "warning_closed",
        DisputeState::NeedsResponse => "needs_response",
        DisputeState::UnderReview => "under_review",
        DisputeState::Won => "won",
        DisputeState::Lost => "lost",
    }
}

/// The state of that word.
pub fn state_of(word_of_state: &str) -> Option<DisputeState> {
    use DisputeState::{Lost, NeedsResponse, UnderReview, Warning, WarningClosed, Won};
    [Warning, WarningClosed, NeedsResponse, UnderReview, Won, Lost]
        .into_iter()
        .find(|state| word(*state) == word_of_state)
}

#[cfg(test)]
#[path = "disputed_parts_tests.rs"]
mod disputed_parts_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use DisputeState::{Lost, NeedsResponse, UnderReview, Warning, WarningClosed, Won};
    use DisputedFunds::{Returned, Unmoved, Withdrawn};
    use chrono::TimeDelta;
    use money::Currency;

    fn dispute(state: DisputeState) -> Dispute {
        Dispute {
            id: DisputeId::generate(),
            payment_id: PaymentId::generate(),
            tender_number: 1,
            connector: ConnectorName::Simulator,
            reference: "dsp_1".into(),
            amount_minor: 100,
            reason: "fraudulent".into(),
            state,
            is_withdrawn: is_withdrawn(&news(state, 0), false),
            parts: Vec::new(),
            version: 1,
            evidence_due_at: None,
            opened_at: DateTime::UNIX_EPOCH,
            changed_at: DateTime::UNIX_EPOCH,
        }
    }

    fn news(state: DisputeState, seconds: i64) -> DisputeNews {
        DisputeNews {
            reference: "dsp_1".into(),
            charge: "chg_1".into(),
            amount: Money::new(100, Currency::KRW),
            reason: "fraudulent".into(),
            state,
            is_withdrawn: None,
            evidence_due_at: None,
            changed_at: DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds),
        }
    }

    /// The states that it goes through after the first, and what each does to money.
    #[test]
    fn money_goes_when_a_dispute_is_in_earnest_and_comes_back_when_it_is_won() {
        for (first, course) in [
            (NeedsResponse, vec![(UnderReview, Unmoved), (Won, Returned)]),
            (NeedsResponse, vec![(UnderReview, Unmoved), (Lost, Unmoved)]),
            (NeedsResponse, vec![(Won, Returned)]),
            (Warning, vec![(UnderReview, Unmoved), (WarningClosed, Unmoved)]),
            (Warning, vec![(NeedsResponse, Withdrawn), (Won, Returned)]),
            // What was told between was lost on the way.
            (Warning, vec![(Lost, Withdrawn)]),
            (UnderReview, vec![(Lost, Withdrawn)]),
        ] {
            let mut dispute = dispute(first);
            for (second, (state, funds)) in (1_i64..).zip(&course) {
                let (after, moved) = dispute.after(&news(*state, second)).unwrap();
                assert_eq!(moved, *funds, "{first:?} {course:?}");
                dispute = after;
            }
        }
    }

    /// What the word of a review tells, whether the bank had the money before, and what it does to money.
    #[test]
    fn a_review_takes_the_money_where_the_connector_tells_that_it_is_one_in_earnest() {
        for (told, first, funds) in [
            (Some(true), Warning, Withdrawn),
            (Some(true), NeedsResponse, Unmoved),
            (Some(false), Warning, Unmoved),
            (None, Warning, Unmoved),
            (None, NeedsResponse, Unmoved),
        ] {
            let review = DisputeNews {
                is_withdrawn: told,
                ..news(UnderReview, 1)
            };
            let (after, moved) = dispute(first).after(&review).unwrap();
            assert_eq!((after.state, moved), (UnderReview, funds), "{told:?} {first:?}");
        }
        // What was told before it was lost on the way.
        for (told, funds) in [(Some(true), Withdrawn), (Some(false), Unmoved), (None, Unmoved)] {
            let review = DisputeNews {
                is_withdrawn: told,
                ..news(UnderReview, 1)
            };
            let of = (PaymentId::generate(), 1);
            let (opened, moved) = Dispute::opened(of, ConnectorName::Stripe, &review, DateTime::UNIX_EPOCH);
            assert_eq!(
                (opened.is_withdrawn, moved),
                (told == Some(true), funds),
                "{told:?}"
            );
        }
    }

    #[test]
    fn another_amount_than_before_changes_nothing_and_is_seen() {
        let known = dispute(NeedsResponse);
        assert_eq!(known.contradiction(&news(Won, 1)), None);
        let other = DisputeNews {
            amount: Money::new(70, Currency::KRW),
            ..news(Won, 1)
        };
        let seen = known.contradiction(&other);
        assert_eq!(
            seen.as_deref(),
            Some("it was of 100 minor units, and is told of as one of 70")
        );
        assert_eq!(known.after(&other), known.after(&news(Won, 1)));
    }

    #[test]
    fn old_news_and_news_of_what_is_over_change_nothing() {
        assert_eq!(dispute(NeedsResponse).after(&news(Won, 0)), None);
        for over in [Won, Lost, WarningClosed] {
            assert_eq!(dispute(over).after(&news(NeedsResponse, 1)), None, "{over:?}");
        }
    }
}
