//! A payment intent, and what it says of the operation that touched it last:
//! <https://docs.stripe.com/payments/paymentintents/lifecycle>.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Deserializer};

use super::refusal::ApiError;
use crate::connectors::Outcome;
use crate::domain::{Action, Ending, Failure};

/// The field in which an operation leaves its key. Each that succeeds overwrites the one before, in the same request:
/// so an intent says which operation touched it last, however long ago that was.
pub(super) const KEY: &str = "metadata[transaction_id]";
/// How long the buyer may take. Stripe waits for ever.
const ACTION: TimeDelta = TimeDelta::hours(1);
/// Where Stripe does not say how long it holds an amount, as in webhooks: cards are held for seven days at most unless
/// more was asked for, which is not done here.
const HELD: TimeDelta = TimeDelta::days(7);

/// The part of an intent that counts.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Intent {
    pub(super) id: String,
    pub(super) status: Status,
    /// What is held, and was taken, in all.
    pub(super) amount: i64,
    #[serde(default)]
    pub(super) amount_capturable: i64,
    #[serde(default)]
    pub(super) amount_received: i64,
    #[serde(with = "chrono::serde::ts_seconds")]
    created: DateTime<Utc>,
    #[serde(default, deserialize_with = "Metadata::or_none")]
    pub(super) metadata: Metadata,
    next_action: Option<NextAction>,
    last_payment_error: Option<ApiError>,
    cancellation_reason: Option<String>,
    latest_charge: Option<LatestCharge>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    RequiresPaymentMethod,
    RequiresConfirmation,
    RequiresAction,
    Processing,
    RequiresCapture,
    Canceled,
    Succeeded,
    #[serde(other)]
    Other,
}

/// What we wrote on an object of Stripe.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Metadata {
    pub(super) transaction_id: Option<String>,
    pub(super) evidence_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct NextAction {
    redirect_to_url: Option<Redirect>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Redirect {
    url: Option<String>,
}

/// Its name only, where it was not asked for.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
enum LatestCharge {
    Whole { payment_method_details: Option<Details> },
    Name(String),
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Details {
    card: Option<Card>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Card {
    capture_before: Option<i64>,
    multicapture: Option<Feature>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
struct Feature {
    status: String,
}

impl Metadata {
    /// Stripe writes null where nothing was written.
    pub(super) fn or_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::deserialize(deserializer).map(Option::unwrap_or_default)
    }
}

impl Intent {
    /// Whether the operation of that key was the last to touch it.
    pub(super) fn was_touched_by(&self, key: &str) -> bool {
        self.metadata.transaction_id.as_deref() == Some(key)
    }

    /// Whether nothing of it is held any more, nor will be.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.status, Status::Canceled | Status::Succeeded)
    }

    /// Whether a capture may leave a rest that stays held.
    pub(super) fn takes_several_captures(&self) -> bool {
        let feature = self.card().and_then(|card| card.multicapture.as_ref());
        feature.is_some_and(|feature| feature.status == "available")
    }

    fn card(&self) -> Option<&Card> {
        match self.latest_charge.as_ref()? {
            LatestCharge::Whole {
                payment_method_details,
            } => payment_method_details.as_ref()?.card.as_ref(),
            LatestCharge::Name(_) => None,
        }
    }

    /// What became of the operation that touched it last.
    pub(super) fn outcome(&self) -> Outcome {
        match self.status {
            Status::RequiresCapture => self.done(self.held_until()),
            // It holds nothing: where a capture left a rest that Stripe would not hold on to, that has run out.
            Status::Succeeded => self.done(self.created),
            Status::RequiresAction => match self.page() {
                Some(url) => Outcome::RequiresAction {
                    reference: self.id.clone(),
                    action: Action {
                        url,
                        until: self.created + ACTION,
                    },
                },
                None => Outcome::Unknown("Stripe waits for the buyer and does not say where".to_owned()),
            },
            Status::RequiresPaymentMethod => match &self.last_payment_error {
                Some(error) => Outcome::Declined(error.failure("card_declined")),
                None => Outcome::Unknown("Stripe has not tried the card yet".to_owned()),
            },
            Status::Canceled => Outcome::GivenUp(match self.cancellation_reason.as_deref() {
                Some("abandoned" | "automatic" | "expired") => Ending::Expired,
                _ => Ending::Canceled,
            }),
            Status::Processing | Status::RequiresConfirmation | Status::Other => {
                Outcome::Unknown(format!("Stripe works on it: {:?}", self.status))
            }
        }
    }

    /// The same for an operation that began it and was not known here by its name: nobody has been told to act, so
    /// what was given up simply was not done.
    pub(super) fn outcome_of_unknown(&self) -> Outcome {
        match self.outcome() {
            Outcome::GivenUp(ending) => Outcome::Failed(Failure {
                code: ending.as_str().to_owned(),
                detail: "it was given up at Stripe".to_owned(),
            }),
            outcome => outcome,
        }
    }

    fn done(&self, held_until: DateTime<Utc>) -> Outcome {
        Outcome::Succeeded {
            reference: Some(self.id.clone()),
            held_until: Some(held_until),
        }
    }

    fn held_until(&self) -> DateTime<Utc> {
        let told = self.card().and_then(|card| card.capture_before);
        let told = told.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        told.unwrap_or(self.created + HELD)
    }

    fn page(&self) -> Option<String> {
        self.next_action.as_ref()?.redirect_to_url.as_ref()?.url.clone()
    }
}

/// The reason that an intent is canceled with, from which [`Intent::outcome`] reads how it ended.
pub(super) fn reason(ending: Option<Ending>) -> &'static str {
    match ending {
        Some(Ending::Expired) => "abandoned",
        Some(Ending::Canceled) | None => "requested_by_customer",
    }
}

#[cfg(test)]
#[path = "intent_tests.rs"]
pub(super) mod tests;
