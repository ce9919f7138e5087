//! What a notification says. No clock, no database, no HTTP.

use chrono::{DateTime, Utc};
use contracts::Role;
use contracts::events::{DisputeChanged, DisputeState, PaymentFailed, UserChanged};
use ids::NotificationId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

/// What kind of fact a notification tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Kind {
    /// A payment failed for good.
    PaymentFailed,
    /// A buyer's bank took the money of a payment, and waits for evidence.
    DisputeOpened,
    /// The money of a disputed payment is gone.
    DisputeLost,
    /// The money of a disputed payment came back.
    DisputeWon,
    /// A user was made.
    UserAdded,
    /// A user's login, roles or state changed.
    UserChanged,
    /// A user may not log in any more.
    UserDeactivated,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 7] = [
        Self::PaymentFailed,
        Self::DisputeOpened,
        Self::DisputeLost,
        Self::DisputeWon,
        Self::UserAdded,
        Self::UserChanged,
        Self::UserDeactivated,
    ];

    /// The word that stands for it in the database and on the wire.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::PaymentFailed => "payment_failed",
            Self::DisputeOpened => "dispute_opened",
            Self::DisputeLost => "dispute_lost",
            Self::DisputeWon => "dispute_won",
            Self::UserAdded => "user_added",
            Self::UserChanged => "user_changed",
            Self::UserDeactivated => "user_deactivated",
        }
    }

    /// The kind that a word stands for.
    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == word)
    }
}

/// What is to be said of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Message {
    /// What kind of fact.
    pub(crate) kind: Kind,
    /// What it is about: a payment's or a user's id.
    pub(crate) subject: String,
    /// One line.
    pub(crate) title: String,
    /// The whole of it.
    pub(crate) body: String,
}

/// A fact that people are told of.
pub(crate) trait Told {
    /// What is to be said of it; none where nobody needs to know.
    fn message(&self) -> Option<Message>;
}

impl Told for PaymentFailed {
    fn message(&self) -> Option<Message> {
        let event = self;
        Some(Message {
            kind: Kind::PaymentFailed,
            subject: event.payment_id.to_string(),
            title: format!("Payment of {} failed", event.amount),
            body: format!(
                "The payment {} of order {:?} over {} failed at {}: {}.",
                event.payment_id,
                event.order_reference,
                event.amount,
                event.failed_at.format("%Y-%m-%d %H:%M:%S UTC"),
                event.reason
            ),
        })
    }
}

/// Who handles disputes is told when evidence is needed, and how it ended; what lies between is there to be read.
impl Told for DisputeChanged {
    fn message(&self) -> Option<Message> {
        let event = self;
        let (kind, verb, rest) = match event.state {
            DisputeState::NeedsResponse => (
                Kind::DisputeOpened,
                "was opened",
                "The bank took the money: hand in evidence to get it back.",
            ),
            DisputeState::Lost => (Kind::DisputeLost, "was lost", "The money is gone."),
            DisputeState::Won => (Kind::DisputeWon, "was won", "No money is missing any more."),
            DisputeState::Warning | DisputeState::WarningClosed | DisputeState::UnderReview => return None,
        };
        Some(Message {
            kind,
            subject: event.payment_id.to_string(),
            title: format!("Dispute over {} {verb}", event.amount),
            body: format!(
                "The dispute {} of payment {}, order {:?}, over {} {verb} at {}: {}. {rest}",
                event.dispute_id,
                event.payment_id,
                event.order_reference,
                event.amount,
                event.changed_at.format("%Y-%m-%d %H:%M:%S UTC"),
                event.reason
            ),
        })
    }
}

impl Told for UserChanged {
    fn message(&self) -> Option<Message> {
        let event = self;
        let kind = match (event.active, event.version) {
            (false, _) => Kind::UserDeactivated,
            (true, 1) => Kind::UserAdded,
            (true, _) => Kind::UserChanged,
        };
        let login = &event.login;
        let (title, verb) = match kind {
            Kind::UserDeactivated => (format!("User {login} was deactivated"), "may not log in any more"),
            Kind::UserAdded => (format!("User {login} was added"), "may log in now"),
            _ => (format!("User {login} was changed"), "was changed"),
        };
        let roles: Vec<&str> = event.roles.iter().copied().map(role_word).collect();
        let roles = if roles.is_empty() {
            "none".to_owned()
        } else {
            roles.join(", ")
        };
        Some(Message {
            kind,
            subject: event.user_id.to_string(),
            title,
            body: format!("The user {login} ({}) {verb}. Roles: {roles}.", event.user_id),
        })
    }
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Administrator => "administrator",
        Role::Operator => "operator",
        Role::Auditor => "auditor",
        Role::Service => "service",
    }
}

/// A notification as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notification {
    /// Its identity.
    pub(crate) id: NotificationId,
    /// The event that it tells of.
    pub(crate) event_id: Uuid,
    /// What it says.
    pub(crate) message: Message,
    /// When the fact happened.
    pub(crate) occurred_at: DateTime<Utc>,
    /// When it was written.
    pub(crate) created_at: DateTime<Utc>,
    /// When it was read first, if it was.
    pub(crate) read_at: Option<DateTime<Utc>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::{PartnerId, PaymentId, UserId};
    use money::{Currency, Money};

    #[test]
    fn words_are_those_of_the_wire_and_read_back() {
        for kind in Kind::ALL {
            assert_eq!(Kind::named(kind.as_str()), Some(kind));
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
        assert_eq!(Kind::named("Payment_Failed"), None);
    }

    #[test]
    fn a_failed_payment_is_told_with_amount_order_and_reason() {
        let event = PaymentFailed {
            payment_id: PaymentId::generate(),
            order_reference: "o-1".into(),
            amount: Money::new(1_250_000, Currency::BRL),
            reason: "card_declined".into(),
            failed_at: "2026-12-01T00:00:00Z".parse().unwrap(),
        };
        let message = event.message().unwrap();
        assert_eq!(message.subject, event.payment_id.to_string());
        assert_eq!(message.title, "Payment of BRL 12,500.00 failed");
        for part in ["\"o-1\"", "card_declined", "2026-12-01 00:00:00 UTC"] {
            assert!(message.body.contains(part), "{}", message.body);
        }
    }

    #[test]
    fn a_dispute_is_told_when_it_is_opened_and_when_it_is_decided() {
        use contracts::events::DisputedFunds::Unmoved;
        let at = "2026-12-01T00:00:00Z".parse().unwrap();
        let payment = testkit::events::payment_completed(PartnerId::generate(), 10_000, at);
        for (state, told) in [
            (DisputeState::Warning, None),
            (DisputeState::WarningClosed, None),
            (DisputeState::UnderReview, None),
            (
                DisputeState::NeedsResponse,
                Some((Kind::DisputeOpened, "was opened")),
            ),
            (DisputeState::Lost, Some((Kind::DisputeLost, "was lost"))),
            (DisputeState::Won, Some((Kind::DisputeWon, "was won"))),
        ] {
            let event = testkit::events::dispute_changed(&payment, state, Unmoved, 10_000, &[], at);
            let message = event.message();
            assert_eq!(message.as_ref().map(|m| m.kind), told.map(|(kind, _)| kind));
            let (Some(message), Some((_, verb))) = (message, told) else {
                continue;
            };
            assert_eq!(message.title, format!("Dispute over KRW 10,000 {verb}"));
            assert_eq!(message.subject, payment.payment_id.to_string());
            let dispute = event.dispute_id.to_string();
            for part in [
                &payment.order_reference,
                &dispute,
                "fraudulent",
                "2026-12-01 00:00:00 UTC",
            ] {
                assert!(message.body.contains(part), "{}", message.body);
            }
        }
    }

    #[test]
    fn a_user_is_added_once_changed_later_and_deactivated_at_any_time() {
        for (active, version, kind, title) in [
            (true, 1, Kind::UserAdded, "User kim was added"),
            (true, 2, Kind::UserChanged, "User kim was changed"),
            (false, 3, Kind::UserDeactivated, "User kim was deactivated"),
            (false, 1, Kind::UserDeactivated, "User kim was deactivated"),
        ] {
            let event = UserChanged {
                user_id: UserId::generate(),
                login: "kim".into(),
                roles: vec![Role::Operator, Role::Auditor],
                active,
                version,
            };
            let message = event.message().unwrap();
            assert_eq!((message.kind, message.title.as_str()), (kind, title));
            assert!(
                message.body.ends_with("Roles: operator, auditor."),
                "{}",
                message.body
            );
        }
    }
}
