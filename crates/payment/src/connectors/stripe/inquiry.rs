//! What became of an operation, asked without doing it. `docs/decisions/0017-stripe-is-asked-by-what-was-left-there.md`
//! says why it is asked so.

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use super::ask::Ask;
use super::change;
use super::intent::Intent;
use super::refund;
use super::refusal::reason;
use super::wire::{Fault, Wire};
use crate::connectors::{Found, Task};
use crate::domain::Operation;

/// For so long a request may be sent again under its key without being done again. Stripe forgets keys once they are 24
/// hours old; the hour is for clocks that differ and for requests on their way.
const KEY_HOLDS: TimeDelta = TimeDelta::hours(23);
/// What is younger is not in Stripe's search yet.
const SEARCH_LAGS: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug, Deserialize)]
struct SearchResult {
    data: Vec<Intent>,
}

/// What became of `task`.
pub(super) async fn look_up(wire: &Wire, task: &Task, now: DateTime<Utc>) -> Found {
    let found = match (task.operation, task.charge.as_deref()) {
        (operation, None) if operation.is_beginning() => return beginning(wire, task, now).await,
        (_, None) => return Found::NoAnswer("Stripe's name for the charge is not known".to_owned()),
        (Operation::Refund, Some(charge)) => given_back(wire, charge, &task.key).await,
        (operation, Some(charge)) => changed(wire, charge, operation, &task.key).await,
    };
    found.unwrap_or_else(|fault| Found::NoAnswer(reason(&fault)))
}

/// An operation whose charge has no name here. Whatever the search finds is there; that it finds nothing says nothing.
/// So as long as the key holds, the answer is that nothing was found: then the request is sent again, and Stripe
/// executes it or says what it answered the first time. After that only a person can tell.
async fn beginning(wire: &Wire, task: &Task, now: DateTime<Utc>) -> Found {
    let age = begun_at(task).map(|begun_at| now - begun_at);
    let why = if age.is_none_or(|age| age >= SEARCH_LAGS) {
        match wire.ask::<SearchResult>(&Ask::Search { key: &task.key }).await {
            Ok(result) => match result.data.iter().find(|intent| intent.was_touched_by(&task.key)) {
                Some(intent) => return Found::Executed(intent.outcome_of_unknown()),
                None => "its search does not find it".to_owned(),
            },
            Err(fault) => reason(&fault),
        }
    } else {
        "it is too young to be searched for".to_owned()
    };
    if age.is_some_and(|age| age < KEY_HOLDS) {
        Found::Nothing
    } else {
        Found::NoAnswer(format!(
            "Stripe has forgotten the key by now, and {why}: look for metadata transaction_id {} in its dashboard, and \
             say what became of it",
            task.key
        ))
    }
}

/// When the operation was written down, which its name says. It was sent after that, so that Stripe has the key for
/// longer than is counted with here.
fn begun_at(task: &Task) -> Option<DateTime<Utc>> {
    let (seconds, nanos) = task.id.as_uuid().get_timestamp()?.to_unix();
    DateTime::from_timestamp(i64::try_from(seconds).ok()?, nanos)
}

async fn given_back(wire: &Wire, charge: &str, key: &str) -> Result<Found, Fault> {
    let refund = refund::find(wire, charge, key).await?;
    Ok(refund.map_or(Found::Nothing, |refund| Found::Executed(refund.outcome())))
}

/// An operation leaves its key at the intent in the same request that executes it, but for a cancel, which takes none:
/// there the intent's being over says it.
async fn changed(wire: &Wire, charge: &str, operation: Operation, key: &str) -> Result<Found, Fault> {
    let intent: Intent = wire.ask(&Ask::Intent { intent: charge }).await?;
    if operation.is_beginning() {
        return Ok(Found::Executed(intent.outcome()));
    }
    let is_done = intent.was_touched_by(key) || operation == Operation::Void && intent.is_over();
    Ok(if is_done {
        Found::Executed(change::done(&intent))
    } else {
        Found::Nothing
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ids::TransactionId;

    #[test]
    fn the_name_of_an_operation_says_when_it_was_begun() {
        let at = DateTime::from_timestamp_millis(1_795_000_000_123).unwrap();
        let mut task = super::super::form_tests::task(Operation::Authorize);
        task.id = TransactionId::generate_at(1_795_000_000_123);
        assert_eq!(begun_at(&task), Some(at));
        // One of another make says nothing, and counts as old.
        task.id = TransactionId::from_uuid(uuid::Uuid::from_u128(0x4000_8000_0000_0000_0000));
        assert_eq!(begun_at(&task), None);
    }
}
