//! A payment and what is asked of it, as a table row.

use serde_json::{Value, json};
use testkit::Platform;

use crate::asking::{ask, made, operations, read, sums};
use crate::sound::assert_told;

/// What is asked, and what comes of it: the status of the payment where it is done, the code where it is refused.
pub struct Step {
    command: &'static str,
    body: Value,
    answer: u16,
    says: &'static str,
}

/// `command` is done, and the payment is in that status then.
pub fn does(command: &'static str, body: Value, status: &'static str) -> Step {
    Step {
        command,
        body,
        answer: 200,
        says: status,
    }
}

/// All of it.
pub fn all(command: &'static str, status: &'static str) -> Step {
    does(command, json!({}), status)
}

/// `command` is refused with that code, and nothing changes.
pub fn refused(command: &'static str, body: Value, code: &'static str) -> Step {
    Step {
        command,
        body,
        answer: if code == "conflict" { 409 } else { 422 },
        says: code,
    }
}

/// Makes a payment, does the steps, and checks what is held, taken, let go and given back in the end, and what was told
/// of it. Returns its id.
pub async fn runs(
    platform: &Platform,
    order: &Value,
    at_first: &str,
    steps: &[Step],
    end: [i64; 4],
) -> String {
    let payment = made(platform, order, at_first).await;
    for (place, step) in steps.iter().enumerate() {
        take(
            platform,
            &payment,
            step,
            &format!("{} {place}", order["order_reference"]),
        )
        .await;
    }
    let read = read(platform, &payment).await;
    assert_eq!(sums(&read), end, "{read}");
    assert_told(platform, &payment).await;
    payment
}

async fn take(platform: &Platform, payment: &str, step: &Step, name: &str) {
    let before = (read(platform, payment).await, operations(platform, payment).await);
    let answer = ask(platform, payment, step.command, step.body.clone()).await;
    let name = format!("{name} {} {}", step.command, step.body);
    assert_eq!(answer.status.as_u16(), step.answer, "{name}: {}", answer.body);
    if step.answer == 200 {
        assert_eq!(answer.body["status"], step.says, "{name}: {}", answer.body);
        assert_eq!(answer.body, read(platform, payment).await, "{name}");
    } else {
        assert_eq!(answer.body["code"], step.says, "{name}: {}", answer.body);
        let after = (read(platform, payment).await, operations(platform, payment).await);
        assert_eq!(after, before, "{name}");
    }
}
