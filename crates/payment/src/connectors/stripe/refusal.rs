//! When Stripe says no, or that it can't: <https://docs.stripe.com/api/errors>.

use axum::http::StatusCode;
use serde::Deserialize;

use super::wire::Fault;
use crate::connectors::Outcome;
use crate::domain::Failure;

/// How much of a message is kept, in characters.
const MESSAGE: usize = 500;

/// An answer that is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// None where the body is not of the form of Stripe, as where something between here and there answered.
    pub(super) error: Option<ApiError>,
}

/// What it says.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct ApiError {
    #[serde(rename = "type", default)]
    kind: String,
    code: Option<String>,
    decline_code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct Body {
    error: ApiError,
}

impl ApiError {
    /// As the reason why an operation was not done; `otherwise` where it has no code.
    pub(super) fn failure(&self, otherwise: &str) -> Failure {
        let code = self.decline_code.as_ref().or(self.code.as_ref());
        let message = self.message.as_deref().unwrap_or("Stripe gave no reason");
        Failure {
            code: code.map_or_else(|| otherwise.to_owned(), Clone::clone),
            detail: message.chars().take(MESSAGE).collect(),
        }
    }
}

impl Refusal {
    pub(super) fn read(status: StatusCode, body: &[u8]) -> Self {
        let body = serde_json::from_slice::<Body>(body).ok();
        Self {
            status,
            error: body.map(|body| body.error),
        }
    }

    /// Whether Stripe does not know us: then it has not even looked at what was asked.
    fn is_of_us(&self) -> bool {
        matches!(self.status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
    }

    /// In words, for logs.
    pub(super) fn text(&self) -> String {
        // What it says of a wrong key may show a part of it.
        let failure = self.error.as_ref().filter(|_| !self.is_of_us());
        match failure.map(|error| error.failure("no code")) {
            Some(failure) => format!(
                "Stripe answered {}: {}, {}",
                self.status, failure.code, failure.detail
            ),
            None => format!("Stripe answered {}", self.status),
        }
    }

    /// What it means for what was asked; none where that is not certain, as where it is only to be asked again.
    ///
    /// 409 says that the same key is being worked on, 429 that we ask too often, 5xx nothing at all; and a key that
    /// stands for something else (`idempotency_error`) was executed before, as something that is not known here.
    pub(super) fn verdict(&self) -> Option<Verdict> {
        let error = self.error.as_ref()?;
        let is_unclear = self.status.is_server_error()
            || matches!(self.status, StatusCode::CONFLICT | StatusCode::TOO_MANY_REQUESTS)
            || error.kind == "idempotency_error";
        if is_unclear {
            return None;
        }
        Some(if self.is_of_us() {
            Verdict::Stranger
        } else if error.kind == "card_error" || self.status == StatusCode::PAYMENT_REQUIRED {
            Verdict::Declined(error.failure("card_declined"))
        } else {
            Verdict::Refused(error.failure("connector_refused"))
        })
    }
}

/// A no that is certain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// By the buyer's bank.
    Declined(Failure),
    /// By Stripe, which would not have it so.
    Refused(Failure),
    /// By Stripe, which does not take our key for it.
    Stranger,
}

/// What a fault makes of an operation. `was_sent`: it was sent before, so that a refusal of our key says nothing of
/// it: it may have been executed when the key was still right.
pub(super) fn outcome(fault: Fault, was_sent: bool) -> Outcome {
    let refusal = match fault {
        Fault::Silent(reason) => return Outcome::Unknown(reason),
        Fault::Refused(refusal) => refusal,
    };
    match refusal.verdict() {
        Some(Verdict::Declined(failure)) => Outcome::Declined(failure),
        Some(Verdict::Refused(failure)) => Outcome::Failed(failure),
        Some(Verdict::Stranger) if !was_sent => Outcome::Failed(misconfigured()),
        Some(Verdict::Stranger) | None => Outcome::Unknown(refusal.text()),
    }
}

/// Why nothing is done without a key that Stripe takes.
pub(super) fn misconfigured() -> Failure {
    Failure {
        code: "connector_misconfigured".to_owned(),
        detail: "Stripe does not take the key of this installation: look at payment.stripe_secret_key"
            .to_owned(),
    }
}

/// Why there was no answer, in words.
pub(super) fn reason(fault: &Fault) -> String {
    match fault {
        Fault::Refused(refusal) => refusal.text(),
        Fault::Silent(reason) => reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn after(status: u16, kind: &str, code: &str, was_sent: bool) -> (&'static str, Option<String>) {
        let body = json!({"error": {"type": kind, "code": code, "message": "as it is"}}).to_string();
        let refusal = Refusal::read(StatusCode::from_u16(status).unwrap(), body.as_bytes());
        let outcome = outcome(Fault::Refused(refusal), was_sent);
        let code = match &outcome {
            Outcome::Declined(why) | Outcome::Failed(why) => Some(why.code.clone()),
            _ => None,
        };
        (outcome.as_str(), code)
    }

    #[test]
    fn only_what_is_certain_counts() {
        let invalid = "invalid_request_error";
        for (status, kind, code, was_sent, expected, as_code) in [
            (
                402,
                "card_error",
                "card_declined",
                false,
                "declined",
                Some("card_declined"),
            ),
            (
                402,
                "card_error",
                "expired_card",
                true,
                "declined",
                Some("expired_card"),
            ),
            (
                400,
                invalid,
                "amount_too_large",
                false,
                "failed",
                Some("amount_too_large"),
            ),
            (
                404,
                invalid,
                "resource_missing",
                true,
                "failed",
                Some("resource_missing"),
            ),
            (400, "idempotency_error", "", false, "unknown", None),
            (
                409,
                "idempotency_error",
                "idempotency_key_in_use",
                false,
                "unknown",
                None,
            ),
            (429, invalid, "lock_timeout", false, "unknown", None),
            (429, invalid, "rate_limit", true, "unknown", None),
            (500, "api_error", "", false, "unknown", None),
            (503, "api_error", "", true, "unknown", None),
            (
                401,
                invalid,
                "api_key_expired",
                false,
                "failed",
                Some("connector_misconfigured"),
            ),
            (403, invalid, "", false, "failed", Some("connector_misconfigured")),
            (401, invalid, "api_key_expired", true, "unknown", None),
        ] {
            assert_eq!(
                after(status, kind, code, was_sent),
                (expected, as_code.map(str::to_owned)),
                "{status} {kind} {code}"
            );
        }
    }

    #[test]
    fn what_is_not_of_stripe_says_nothing() {
        for status in [400, 402, 404, 502] {
            let refusal = Refusal::read(StatusCode::from_u16(status).unwrap(), b"<html>not here</html>");
            assert_eq!(
                outcome(Fault::Refused(refusal), false).as_str(),
                "unknown",
                "{status}"
            );
        }
    }

    #[test]
    fn what_is_said_of_a_wrong_key_is_not_passed_on() {
        let body =
            json!({"error": {"type": "invalid_request_error", "message": "Invalid API Key: sk_live_x"}});
        let refusal = Refusal::read(StatusCode::UNAUTHORIZED, body.to_string().as_bytes());
        assert!(!refusal.text().contains("sk_live"));
        let told = outcome(Fault::Refused(refusal), false);
        assert!(!format!("{told:?}").contains("sk_live"));
    }
}
