//! What happens to a charge that exists: captures, increments, voids, refunds.
//!
//! What is to be sent depends on how the charge stands, and a retry under the same key has to be the same. So each of
//! them but a refund reads the intent first: where it bears this operation's key, it was executed, and is not sent
//! again; where it does not, it stands as it did before the first try, since no other operation of a tender is open
//! meanwhile.

use super::amount::to_stripe;
use super::ask::{Ask, Rest};
use super::intent::{self, Intent};
use super::odd_amount;
use super::refund::Refund;
use super::refusal::outcome;
use super::wire::Wire;
use crate::connectors::{Outcome, Task};
use crate::domain::{Failure, Operation};

/// Has it done.
pub(super) async fn perform(wire: &Wire, task: &Task) -> Outcome {
    let Some(charge) = task.charge.as_deref() else {
        return failed("charge_unknown", "Stripe's name for the charge is not known");
    };
    let amount = match to_stripe(task.amount) {
        Ok(amount) => amount,
        Err(detail) => return odd_amount(detail),
    };
    if task.operation == Operation::Refund {
        let ask = Ask::Refund {
            intent: charge,
            amount,
            key: &task.key,
        };
        return match wire.ask::<Refund>(&ask).await {
            Ok(refund) => refund.outcome(),
            Err(fault) => outcome(fault, task.was_sent),
        };
    }
    let intent = match wire.ask::<Intent>(&Ask::Intent { intent: charge }).await {
        Ok(intent) => intent,
        Err(fault) => return outcome(fault, task.was_sent),
    };
    if intent.was_touched_by(&task.key) {
        return intent.outcome();
    }
    match ask(&intent, task, amount) {
        Ok(ask) => match wire.ask::<Intent>(&ask).await {
            Ok(intent) => done(&intent),
            Err(fault) => outcome(fault, task.was_sent),
        },
        Err(known) => known,
    }
}

/// What is sent, or what became of it where nothing needs to be.
fn ask<'a>(intent: &'a Intent, task: &'a Task, amount: i64) -> Result<Ask<'a>, Outcome> {
    let (name, key) = (intent.id.as_str(), task.key.as_str());
    match task.operation {
        Operation::Capture => Ok(Ask::Capture {
            intent: name,
            amount,
            // Stripe refuses to hold on to a rest of 0, and to any rest where the charge takes one capture only. Then
            // it lets go of the rest, and the outcome says that it is not held any more.
            rest: if amount < intent.amount_capturable && intent.takes_several_captures() {
                Rest::Held
            } else {
                Rest::Released
            },
            key,
        }),
        Operation::Increment => match intent.amount.checked_add(amount) {
            Some(total) => Ok(Ask::Increment {
                intent: name,
                total,
                key,
            }),
            None => Err(failed(
                "amount_not_supported",
                "it would hold more than can be counted",
            )),
        },
        Operation::Void => void(intent, key, amount),
        Operation::Authorize | Operation::Sale | Operation::Refund => {
            Err(failed("not_a_change", "it changes no charge"))
        }
    }
}

/// Stripe lets go of all that is held, or of nothing. Of a charge that was captured in part it lets go by a last
/// capture of 0; one of which nothing was taken is canceled.
fn void<'a>(intent: &'a Intent, key: &'a str, amount: i64) -> Result<Ask<'a>, Outcome> {
    if intent.is_over() {
        // It ran out by itself, or the rest went back with a capture.
        return Err(done(intent));
    }
    if amount < intent.amount_capturable {
        let detail = "Stripe lets go of all that is held, or of nothing: void all of it, or capture less";
        return Err(failed("partial_void_not_supported", detail));
    }
    let name = intent.id.as_str();
    Ok(if intent.amount_received > 0 {
        Ask::Capture {
            intent: name,
            amount: 0,
            rest: Rest::Released,
            key,
        }
    } else {
        Ask::Cancel {
            intent: name,
            reason: intent::reason(None),
            key,
        }
    })
}

/// The outcome of a change that Stripe made. An intent that is canceled is what a void is for.
pub(super) fn done(intent: &Intent) -> Outcome {
    match intent.outcome() {
        Outcome::GivenUp(_) => Outcome::Succeeded {
            reference: Some(intent.id.clone()),
            held_until: None,
        },
        outcome => outcome,
    }
}

fn failed(code: &str, detail: &str) -> Outcome {
    Outcome::Failed(Failure {
        code: code.to_owned(),
        detail: detail.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::super::form_tests::task;
    use super::super::intent::tests::intent;
    use super::*;
    use money::{Currency, Money};
    use serde_json::{Value, json};

    /// What is asked for an operation on 4,000 won of a charge that stands so; the code where nothing is.
    fn asked(operation: Operation, stands: &Value) -> String {
        let mut task = task(operation);
        task.amount = Money::new(4_000, Currency::KRW);
        let intent = intent(stands);
        match ask(&intent, &task, 4_000) {
            Ok(ask) => {
                let sent = ask.encode();
                let verb = sent.path.rsplit('/').next().unwrap_or_default().to_owned();
                let body = String::from_utf8(sent.body).unwrap();
                let of_interest = body
                    .split('&')
                    .filter(|field| field.contains("amount") || field.contains("final"));
                [verb]
                    .into_iter()
                    .chain(of_interest.map(str::to_owned))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            Err(Outcome::Failed(why)) => why.code,
            Err(known) => known.as_str().to_owned(),
        }
    }

    #[test]
    fn what_is_asked_depends_on_how_the_charge_stands() {
        let charge =
            |status: &str| json!({"payment_method_details": {"card": {"multicapture": {"status": status}}}});
        let held = |capturable: i64, received: i64, parts: &str| {
            json!({"status": "requires_capture", "amount": 10_000, "amount_capturable": capturable,
                   "amount_received": received, "latest_charge": charge(parts)})
        };
        let (capture, void) = (Operation::Capture, Operation::Void);
        let (in_parts, partly) = (held(10_000, 0, "available"), held(4_000, 6_000, "available"));
        for (operation, stands, expected) in [
            (
                capture,
                in_parts.clone(),
                "capture amount_to_capture=4000 final_capture=false",
            ),
            (capture, partly.clone(), "capture amount_to_capture=4000"),
            (
                capture,
                held(10_000, 0, "unavailable"),
                "capture amount_to_capture=4000",
            ),
            (
                Operation::Increment,
                in_parts.clone(),
                "increment_authorization amount=14000",
            ),
            (void, held(4_000, 0, "available"), "cancel"),
            (void, partly, "capture amount_to_capture=0"),
            (void, in_parts, "partial_void_not_supported"),
            (void, json!({"status": "canceled"}), "succeeded"),
            (void, json!({"status": "succeeded"}), "succeeded"),
        ] {
            assert_eq!(asked(operation, &stands), expected, "{operation:?} {stands}");
        }
    }
}
