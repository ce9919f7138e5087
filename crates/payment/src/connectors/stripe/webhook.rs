//! What Stripe tells by itself: <https://docs.stripe.com/webhooks#verify-manually>.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::dispute::StripeDispute;
use super::intent::Intent;
use super::refund::Refund;
use crate::connectors::webhook::{header, within_window};
use crate::connectors::{Outcome, RawWebhook, Secrets, Told, VerifiedWebhook, WebhookRefusal};

const HEADER: &str = "stripe-signature";

/// An event. Its object has the form of the API version that its endpoint was made with.
#[derive(Debug, Deserialize)]
struct Event {
    #[serde(rename = "type")]
    kind: String,
    #[serde(with = "chrono::serde::ts_seconds")]
    created: DateTime<Utc>,
    data: Data,
}

#[derive(Debug, Deserialize)]
struct Data {
    object: Value,
}

#[derive(Debug, Deserialize)]
struct Named {
    id: String,
}

/// Checks `Stripe-Signature: t=SECONDS,v1=SIGNATURE,v1=SIGNATURE`: of several signatures, as there are while a secret
/// is exchanged, one has to be that of `SECONDS.BODY` under one of our secrets. `v0` is of test events, and no proof.
pub(super) fn verify(
    secrets: &Secrets,
    raw: &RawWebhook,
    now: DateTime<Utc>,
) -> Result<VerifiedWebhook, WebhookRefusal> {
    if secrets.is_empty() {
        return Err(WebhookRefusal::NoSecret);
    }
    let text = header(raw, HEADER)?;
    let fields = || text.split(',').filter_map(|field| field.trim().split_once('='));
    let (_, seconds) = fields()
        .find(|(name, _)| *name == "t")
        .ok_or(WebhookRefusal::Header(HEADER))?;
    within_window(seconds, now).ok_or(WebhookRefusal::Header(HEADER))??;
    let message = [seconds.as_bytes(), b".", &raw.body];
    let fits = fields()
        .filter(|(name, _)| *name == "v1")
        .filter_map(|(_, signature)| hex::decode(signature).ok())
        .fold(false, |any, signature| any | secrets.fit(&message, &signature));
    if !fits {
        return Err(WebhookRefusal::Signature);
    }
    // Stripe signed it, so that it has a name.
    let named: Named = serde_json::from_slice(&raw.body).map_err(|_| WebhookRefusal::Signature)?;
    Ok(VerifiedWebhook {
        event_id: named.id,
        body: raw.body.clone(),
    })
}

/// What an event tells.
pub(super) fn read(body: &[u8]) -> Result<Told, String> {
    let event: Event = serde_json::from_slice(body).map_err(|error| error.to_string())?;
    match event.kind.as_str() {
        "payment_intent.succeeded"
        | "payment_intent.payment_failed"
        | "payment_intent.canceled"
        | "payment_intent.amount_capturable_updated"
        | "payment_intent.requires_action" => {
            let intent: Intent = object(event.data.object)?;
            let outcome = intent.outcome();
            Ok(operation(intent.metadata.transaction_id, outcome))
        }
        "refund.created" | "refund.updated" | "refund.failed" | "charge.refund.updated" => {
            let refund: Refund = object(event.data.object)?;
            let outcome = refund.outcome();
            Ok(operation(refund.metadata.transaction_id, outcome))
        }
        "charge.dispute.created"
        | "charge.dispute.updated"
        | "charge.dispute.closed"
        | "charge.dispute.funds_withdrawn"
        | "charge.dispute.funds_reinstated" => {
            let dispute: StripeDispute = object(event.data.object)?;
            Ok(Told::Dispute(dispute.news(event.created)?))
        }
        other => Ok(Told::Nothing(format!(
            "events of the kind {other} are not followed"
        ))),
    }
}

fn object<T: DeserializeOwned>(object: Value) -> Result<T, String> {
    serde_json::from_value(object).map_err(|error| error.to_string())
}

fn operation(key: Option<String>, outcome: Outcome) -> Told {
    match (key, outcome) {
        (None, _) => Told::Nothing("it was not begun here".to_owned()),
        (Some(_), Outcome::Unknown(reason)) => Told::Nothing(reason),
        (Some(key), outcome) => Told::Operation { key, outcome },
    }
}

#[cfg(test)]
#[path = "webhook_tests.rs"]
mod tests;
