//! What is asked of a payment, one thing after the other.

use serde_json::{Value, json};
use testkit::Platform;

use super::live::Live;
use crate::support::{id, shop, until};

/// One way through the life of a payment.
pub struct Story {
    pub name: &'static str,
    is_held: bool,
    /// The status after it was made.
    status: &'static str,
    changes: &'static [Change],
    /// Whether it ends with everything taken that will be.
    pub is_completed: bool,
}

/// What is asked, and the status that follows.
struct Change(What, &'static str);

enum What {
    Capture(Option<i64>),
    Void,
    Refund(i64),
    Increment,
}

use What::{Capture, Increment, Refund, Void};

pub const STORIES: &[Story] = &[
    Story {
        name: "sale",
        is_held: false,
        status: "completed",
        changes: &[],
        is_completed: true,
    },
    Story {
        name: "authorize and capture",
        is_held: true,
        status: "authorized",
        changes: &[Change(Capture(None), "completed")],
        is_completed: true,
    },
    Story {
        name: "capture in parts, and let go of the rest",
        is_held: true,
        status: "authorized",
        changes: &[
            Change(Capture(Some(4_000)), "partially_captured"),
            Change(Capture(Some(5_000)), "partially_captured"),
            Change(Void, "completed"),
        ],
        is_completed: true,
    },
    Story {
        name: "capture in parts to the end",
        is_held: true,
        status: "authorized",
        changes: &[
            Change(Capture(Some(4_000)), "partially_captured"),
            Change(Capture(Some(6_000)), "completed"),
        ],
        is_completed: true,
    },
    Story {
        name: "void",
        is_held: true,
        status: "authorized",
        changes: &[Change(Void, "voided")],
        is_completed: false,
    },
    Story {
        name: "refund twice",
        is_held: false,
        status: "completed",
        changes: &[
            Change(Refund(4_000), "partially_refunded"),
            Change(Refund(6_000), "refunded"),
        ],
        is_completed: true,
    },
    Story {
        name: "increment and capture",
        is_held: true,
        status: "authorized",
        changes: &[
            Change(Increment, "authorized"),
            Change(Capture(None), "completed"),
        ],
        is_completed: true,
    },
];

/// Goes through a story, and waits wherever the outcome is not known at once; returns the payment's id.
pub async fn tell(
    platform: &Platform,
    live: &Live,
    story: &Story,
    token: &str,
    is_unclear: bool,
    name: &str,
) -> String {
    let reference: String = name.chars().take(64).collect();
    let mut order = live.order(&reference, token);
    if story.is_held {
        order["capture"] = json!("manual");
    }
    let answer = platform.post("payment", "/v1/payments", &order).await;
    check(answer.status.as_u16(), is_unclear, &answer.body, name);
    let payment = id(&answer.body);
    until(platform, &payment, story.status).await;
    for Change(what, status) in story.changes {
        let (path, body) = what.request();
        let path = format!("/v1/payments/{payment}/{path}");
        let answer = platform.post("payment", &path, &body).await;
        check(answer.status.as_u16(), is_unclear, &answer.body, name);
        settled(platform, &payment, status).await;
    }
    payment
}

/// Where nobody answered, what became of it is not known; otherwise it may be.
fn check(status: u16, is_unclear: bool, body: &Value, name: &str) {
    let expected: &[u16] = if is_unclear { &[202] } else { &[200, 201, 202] };
    assert!(expected.contains(&status), "{name}: {status} {body}");
}

/// An increment leaves the status as it was: what it was for is there once the line is.
async fn settled(platform: &Platform, payment: &str, status: &str) {
    until(platform, payment, status).await;
}

impl What {
    fn request(&self) -> (&'static str, Value) {
        match self {
            Capture(None) => ("capture", json!({})),
            Capture(Some(minor)) => ("capture", json!({"amount_minor": minor})),
            Void => ("void", json!({})),
            Refund(minor) => ("refunds", json!({"amount_minor": minor})),
            Increment => {
                let line = json!({"partner_id": shop(), "unit_price_minor": 500});
                ("increments", json!({"lines": [line]}))
            }
        }
    }
}
