//! What Stripe is asked, in its form: <https://docs.stripe.com/api>.

use axum::http::Method;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::intent::KEY;
use crate::connectors::Task;
use crate::domain::Operation;
use crate::domain::evidence::File;

/// One request. What moves something carries the key under which Stripe does it once.
#[derive(Debug)]
pub(super) enum Ask<'a> {
    /// Holds an amount, or takes it at once.
    Create { task: &'a Task, amount: i64 },
    /// How it stands with an intent.
    Intent { intent: &'a str },
    /// The intent that an operation began. What was done within the last minute may be missing.
    Search { key: &'a str },
    /// Takes some of what is held, or, for 0, nothing of it.
    Capture {
        intent: &'a str,
        amount: i64,
        rest: Rest,
        key: &'a str,
    },
    /// Holds `total` instead of what it holds.
    Increment {
        intent: &'a str,
        total: i64,
        key: &'a str,
    },
    /// Lets go of all that is held, or waits for the buyer.
    Cancel {
        intent: &'a str,
        reason: &'static str,
        key: &'a str,
    },
    /// Gives some of what was taken back.
    Refund {
        intent: &'a str,
        amount: i64,
        key: &'a str,
    },
    /// What was given back of an intent, after the refund of that name.
    Refunds { intent: &'a str, after: Option<&'a str> },
    /// How it stands with a dispute.
    Dispute { dispute: &'a str },
    /// Says something against a dispute, for good.
    Evidence {
        dispute: &'a str,
        text: &'a str,
        file: Option<&'a str>,
        key: &'a str,
    },
    /// Hands a file over.
    Upload { file: &'a File, key: &'a str },
}

/// What becomes of what a capture leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rest {
    /// It stays held.
    Held,
    /// It goes back to the buyer, if there is any.
    Released,
}

/// Which of Stripe's addresses is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Host {
    Api,
    Files,
}

/// A request as it goes out.
#[derive(Debug)]
pub(super) struct Sent {
    pub(super) method: Method,
    /// Path and query.
    pub(super) path: String,
    pub(super) idempotency_key: Option<String>,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
}

/// Asked for with every intent: until when it is held, and whether it may be captured in parts, stands in the charge.
const WITH_CHARGE: (&str, &str) = ("expand[]", "latest_charge");

/// What stands for itself nowhere in a form or a path: RFC 3986 calls the rest unreserved.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

type Field<'a> = (&'a str, String);

impl Ask<'_> {
    pub(super) fn host(&self) -> Host {
        match self {
            Self::Upload { .. } => Host::Files,
            _ => Host::Api,
        }
    }

    pub(super) fn encode(&self) -> Sent {
        let with_charge = || (WITH_CHARGE.0, WITH_CHARGE.1.to_owned());
        let done_by = |key: &str| (KEY, key.to_owned());
        match *self {
            Self::Create { task, amount } => post("/v1/payment_intents", &create(task, amount), &task.key),
            Self::Intent { intent } => {
                get(&format!("/v1/payment_intents/{}", text(intent)), &[with_charge()])
            }
            Self::Search { key } => get(
                "/v1/payment_intents/search",
                &[
                    ("query", format!("metadata['transaction_id']:'{key}'")),
                    ("expand[]", "data.latest_charge".to_owned()),
                ],
            ),
            Self::Capture {
                intent,
                amount,
                rest,
                key,
            } => {
                let mut fields = vec![
                    ("amount_to_capture", amount.to_string()),
                    done_by(key),
                    with_charge(),
                ];
                // Where nothing stays held, it is left out: the word exists only where a charge may be captured in
                // parts.
                if rest == Rest::Held {
                    fields.push(("final_capture", "false".to_owned()));
                }
                post(
                    &format!("/v1/payment_intents/{}/capture", text(intent)),
                    &fields,
                    key,
                )
            }
            Self::Increment { intent, total, key } => {
                let fields = [("amount", total.to_string()), done_by(key), with_charge()];
                let path = format!("/v1/payment_intents/{}/increment_authorization", text(intent));
                post(&path, &fields, key)
            }
            Self::Cancel { intent, reason, key } => {
                let fields = [("cancellation_reason", reason.to_owned()), with_charge()];
                post(
                    &format!("/v1/payment_intents/{}/cancel", text(intent)),
                    &fields,
                    key,
                )
            }
            Self::Refund { intent, amount, key } => {
                let of = ("payment_intent", intent.to_owned());
                post(
                    "/v1/refunds",
                    &[of, ("amount", amount.to_string()), done_by(key)],
                    key,
                )
            }
            Self::Refunds { intent, after } => {
                let mut fields = vec![("payment_intent", intent.to_owned()), ("limit", "100".to_owned())];
                fields.extend(after.map(|after| ("starting_after", after.to_owned())));
                get("/v1/refunds", &fields)
            }
            Self::Dispute { dispute } => get(&format!("/v1/disputes/{}", text(dispute)), &[]),
            Self::Evidence {
                dispute,
                text: said,
                file,
                key,
            } => {
                let mut fields = vec![
                    ("submit", "true".to_owned()),
                    ("metadata[evidence_id]", key.to_owned()),
                ];
                if !said.is_empty() {
                    fields.push(("evidence[uncategorized_text]", said.to_owned()));
                }
                fields.extend(file.map(|file| ("evidence[uncategorized_file]", file.to_owned())));
                post(&format!("/v1/disputes/{}", text(dispute)), &fields, key)
            }
            Self::Upload { file, key } => upload(file, key),
        }
    }
}

/// Every retry of a task comes to the same fields: Stripe refuses a key with others.
fn create(task: &Task, amount: i64) -> Vec<Field<'static>> {
    let word = |word: &str| word.to_owned();
    let is_sale = task.operation == Operation::Sale;
    let mut fields = vec![
        ("amount", amount.to_string()),
        ("currency", task.amount.currency().as_str().to_ascii_lowercase()),
        (
            "payment_method",
            task.token.as_deref().unwrap_or_default().to_owned(),
        ),
        ("payment_method_types[]", word("card")),
        (
            "capture_method",
            word(if is_sale { "automatic" } else { "manual" }),
        ),
        ("confirm", word("true")),
        ("metadata[payment_id]", task.payment_id.to_string()),
        (KEY, task.key.clone()),
        (WITH_CHARGE.0, word(WITH_CHARGE.1)),
    ];
    // Without a place to come back to, a buyer who would have to act can't: then the bank's wish is a refusal.
    match &task.return_url {
        Some(url) => fields.push(("return_url", url.clone())),
        None => fields.push(("error_on_requires_action", word("true"))),
    }
    if !is_sale {
        for field in [
            "payment_method_options[card][request_multicapture]",
            "payment_method_options[card][request_incremental_authorization]",
        ] {
            fields.push((field, word("if_available")));
        }
    }
    fields
}

fn get(path: &str, fields: &[Field<'_>]) -> Sent {
    let query = if fields.is_empty() {
        String::new()
    } else {
        format!("?{}", form(fields))
    };
    Sent {
        method: Method::GET,
        path: format!("{path}{query}"),
        idempotency_key: None,
        content_type: None,
        body: Vec::new(),
    }
}

fn post(path: &str, fields: &[Field<'_>], key: &str) -> Sent {
    Sent {
        method: Method::POST,
        path: path.to_owned(),
        idempotency_key: Some(key.to_owned()),
        content_type: Some("application/x-www-form-urlencoded".to_owned()),
        body: form(fields).into_bytes(),
    }
}

/// `multipart/form-data`. The boundary comes from the content, so that a retry is the same to the byte.
fn upload(file: &File, key: &str) -> Sent {
    let boundary = file.sha256();
    let name: String = file
        .name
        .chars()
        .map(|c| {
            if c.is_ascii_graphic() && !matches!(c, '"' | '\\') {
                c
            } else {
                '_'
            }
        })
        .collect();
    let mut body = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"purpose\"\r\n\r\ndispute_evidence\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: {}\r\n\r\n",
        file.content_type
    )
    .into_bytes();
    body.extend_from_slice(&file.content);
    body.extend_from_slice(format!("\r\n--{boundary}--\r\n").as_bytes());
    Sent {
        method: Method::POST,
        path: "/v1/files".to_owned(),
        idempotency_key: Some(format!("{key}-file-{}", file.number)),
        content_type: Some(format!("multipart/form-data; boundary={boundary}")),
        body,
    }
}

fn form(fields: &[Field<'_>]) -> String {
    let one = |(name, value): &Field<'_>| format!("{}={}", text(name), text(value));
    fields.iter().map(one).collect::<Vec<_>>().join("&")
}

fn text(text: &str) -> impl std::fmt::Display + '_ {
    utf8_percent_encode(text, RESERVED)
}
