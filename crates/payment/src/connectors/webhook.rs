//! A webhook on its way in: raw, until its signature was found right.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::Outcome;
use crate::domain::dispute::DisputeNews;

/// How far the time of a webhook may be from ours: what is older may be a replay.
const WINDOW: TimeDelta = TimeDelta::minutes(5);

/// A webhook as it came, from whomever.
#[derive(Debug, Clone)]
pub struct RawWebhook {
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body, byte by byte.
    pub body: Bytes,
}

/// A webhook that its connector sent. Only a check of the signature makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedWebhook {
    /// The connector's own name for the event.
    pub event_id: String,
    /// Its body, byte by byte.
    pub body: Bytes,
}

/// Why a webhook is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WebhookRefusal {
    /// A header is missing or has another form.
    #[error("the header {0} is missing or not readable")]
    Header(&'static str),
    /// It was signed too long ago, or in the future.
    #[error("it was signed more than five minutes from now")]
    Time,
    /// No signature fits any secret.
    #[error("no signature fits")]
    Signature,
    /// No secret is set for its connector.
    #[error("no secret is set for this connector")]
    NoSecret,
}

/// What a webhook tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// What became of the operation of that key.
    Operation {
        /// The key under which it was sent.
        key: String,
        /// What became of it.
        outcome: Outcome,
    },
    /// A dispute was opened, or changed.
    Dispute(DisputeNews),
    /// Something that nobody here follows.
    Nothing(String),
}

/// The secrets of one connector: the present one, and those of before or after while they are exchanged.
#[derive(Clone, Default)]
pub struct Secrets(Vec<Vec<u8>>);

impl Secrets {
    /// From `whsec_` and a key in base64, several with commas between. The error says what is wrong, not what stands
    /// there.
    pub fn parse(text: &str) -> Result<Self, String> {
        let one = |text: &str| {
            let key = text.trim().strip_prefix("whsec_")?;
            STANDARD.decode(key).ok().filter(|key| !key.is_empty())
        };
        let all = text.split(',').filter(|part| !part.trim().is_empty());
        let secrets: Option<Vec<_>> = all.map(one).collect();
        let form = "give whsec_ and a key in base64, several with commas between";
        secrets.map(Self).ok_or_else(|| form.to_owned())
    }

    /// From texts that begin with `whsec_`, several with commas between, each of them a key as it stands. The error
    /// says what is wrong, not what stands there.
    pub fn parse_as_text(text: &str) -> Result<Self, String> {
        let all = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let one = |text: &str| {
            let fits = text.strip_prefix("whsec_").is_some_and(|key| !key.is_empty());
            fits.then(|| text.as_bytes().to_vec())
        };
        let secrets: Option<Vec<_>> = all.map(one).collect();
        let form = "give what begins with whsec_, several with commas between";
        secrets.map(Self).ok_or_else(|| form.to_owned())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `signature` is that of `message` under one of them. Takes the same time whether it is or not.
    pub fn fit(&self, message: &[&[u8]], signature: &[u8]) -> bool {
        let fits = |key: &Vec<u8>| {
            // HMAC takes a key of any length.
            let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
                return false;
            };
            for part in message {
                mac.update(part);
            }
            mac.verify_slice(signature).is_ok()
        };
        // No secret is left out because another one fits.
        self.0.iter().map(fits).fold(false, |any, one| any | one)
    }

    /// Checks a webhook by Standard Webhooks 1.0: `webhook-id`, `webhook-timestamp`, and one signature or more of
    /// `id.timestamp.body` in `webhook-signature`.
    /// <https://github.com/standard-webhooks/standard-webhooks>
    pub fn verify(&self, raw: &RawWebhook, now: DateTime<Utc>) -> Result<VerifiedWebhook, WebhookRefusal> {
        if self.is_empty() {
            return Err(WebhookRefusal::NoSecret);
        }
        let id = header(raw, "webhook-id")?;
        let timestamp = header(raw, "webhook-timestamp")?;
        let signatures = header(raw, "webhook-signature")?;
        within_window(timestamp, now).ok_or(WebhookRefusal::Header("webhook-timestamp"))??;
        let message = [id.as_bytes(), b".", timestamp.as_bytes(), b".", &raw.body];
        let fits = signatures
            .split(' ')
            .filter_map(|signature| STANDARD.decode(signature.strip_prefix("v1,")?).ok())
            .fold(false, |any, signature| any | self.fit(&message, &signature));
        if !fits {
            return Err(WebhookRefusal::Signature);
        }
        Ok(VerifiedWebhook {
            event_id: id.to_owned(),
            body: raw.body.clone(),
        })
    }
}

/// The text of a header that must be there.
pub fn header<'a>(raw: &'a RawWebhook, name: &'static str) -> Result<&'a str, WebhookRefusal> {
    raw.headers
        .get(name)
        .and_then(|value| value.to_str().ok())
        .filter(|text| (1..=1_024).contains(&text.len()))
        .ok_or(WebhookRefusal::Header(name))
}

/// Whether a time in seconds since 1970 is near enough to ours; none where it is no time.
pub fn within_window(seconds: &str, now: DateTime<Utc>) -> Option<Result<(), WebhookRefusal>> {
    let at = DateTime::from_timestamp(seconds.parse().ok()?, 0)?;
    Some(if (now - at).abs() <= WINDOW {
        Ok(())
    } else {
        Err(WebhookRefusal::Time)
    })
}

/// What a test needs to sign with.
#[cfg(test)]
pub fn signed(secret: &[u8], id: &str, seconds: i64, body: &'static str) -> RawWebhook {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).unwrap();
    mac.update(format!("{id}.{seconds}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let all: std::collections::HashMap<String, String> = [
        ("webhook-id".to_owned(), id.to_owned()),
        ("webhook-timestamp".to_owned(), seconds.to_string()),
        ("webhook-signature".to_owned(), signature),
    ]
    .into();
    RawWebhook {
        headers: HeaderMap::try_from(&all).unwrap(),
        body: Bytes::from_static(body.as_bytes()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Change = Box<dyn Fn(RawWebhook) -> RawWebhook>;
    /// The secret that it is signed with, when that was in seconds, what happened to it, and what is expected.
    type Case = (&'static [u8], i64, Change, Result<(), WebhookRefusal>);

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_000_000, 0).unwrap()
    }

    #[test]
    fn only_what_was_signed_lately_with_a_secret_of_ours_is_believed() {
        let secrets = Secrets::parse("whsec_b25l,whsec_dHdv").unwrap();
        let change = |name: &'static str, value: &'static str| {
            move |mut raw: RawWebhook| {
                raw.headers.insert(name, value.parse().unwrap());
                raw
            }
        };
        let other_body = |mut raw: RawWebhook| {
            raw.body = Bytes::from_static(b"{\"a\":2}");
            raw
        };
        let without = |name: &'static str| {
            move |mut raw: RawWebhook| {
                raw.headers.remove(name);
                raw
            }
        };
        let beside = |mut raw: RawWebhook| {
            let real = raw
                .headers
                .get("webhook-signature")
                .unwrap()
                .to_str()
                .unwrap()
                .to_owned();
            let all = format!("v2,abc v1,AAAA {real}");
            raw.headers.insert("webhook-signature", all.parse().unwrap());
            raw
        };
        let cases: Vec<Case> = vec![
            (b"one", 1_000_000, Box::new(|raw| raw), Ok(())),
            (b"two", 1_000_000, Box::new(|raw| raw), Ok(())),
            (b"one", 1_000_000, Box::new(beside), Ok(())),
            (b"one", 999_700, Box::new(|raw| raw), Ok(())),
            (b"one", 999_699, Box::new(|raw| raw), Err(WebhookRefusal::Time)),
            (b"one", 1_000_301, Box::new(|raw| raw), Err(WebhookRefusal::Time)),
            (
                b"three",
                1_000_000,
                Box::new(|raw| raw),
                Err(WebhookRefusal::Signature),
            ),
            (
                b"one",
                1_000_000,
                Box::new(other_body),
                Err(WebhookRefusal::Signature),
            ),
            (
                b"one",
                1_000_000,
                Box::new(change("webhook-id", "evt_2")),
                Err(WebhookRefusal::Signature),
            ),
            (
                b"one",
                1_000_000,
                Box::new(change("webhook-signature", "v1,")),
                Err(WebhookRefusal::Signature),
            ),
            (
                b"one",
                1_000_000,
                Box::new(change("webhook-timestamp", "soon")),
                Err(WebhookRefusal::Header("webhook-timestamp")),
            ),
            (
                b"one",
                1_000_000,
                Box::new(without("webhook-id")),
                Err(WebhookRefusal::Header("webhook-id")),
            ),
            (
                b"one",
                1_000_000,
                Box::new(without("webhook-signature")),
                Err(WebhookRefusal::Header("webhook-signature")),
            ),
        ];
        for (place, (secret, seconds, change, expected)) in cases.into_iter().enumerate() {
            let raw = change(signed(secret, "evt_1", seconds, "{\"a\":1}"));
            assert_eq!(secrets.verify(&raw, now()).map(|_| ()), expected, "case {place}");
        }
        let raw = signed(b"", "evt_1", 1_000_000, "{}");
        assert_eq!(
            Secrets::default().verify(&raw, now()),
            Err(WebhookRefusal::NoSecret)
        );
    }

    #[test]
    fn secrets_have_one_form() {
        for (text, is_good) in [
            ("", true),
            ("whsec_b25l", true),
            (" whsec_b25l , whsec_dHdv ", true),
            ("b25l", false),
            ("whsec_", false),
            ("whsec_!", false),
        ] {
            assert_eq!(Secrets::parse(text).is_ok(), is_good, "{text:?}");
        }
        for (text, is_good) in [
            ("", true),
            ("whsec_a", true),
            ("whsec_!, whsec_b25l", true),
            ("b25l", false),
            ("whsec_", false),
        ] {
            assert_eq!(Secrets::parse_as_text(text).is_ok(), is_good, "{text:?}");
        }
    }
}
