//! What people were told, against what happened.

use contracts::Event;
use contracts::Role;
use contracts::events::{DisputeChanged, DisputeState, PaymentFailed, UserChanged};
use uuid::Uuid;

use crate::VerifyError;
use crate::compare::{States, agree};
use crate::databases::Databases;
use crate::published::{Published, Reach, Stories};
use crate::report::Check;
use crate::snapshot::Snapshot;

/// Checks that each fact that people need to know was told of once.
pub(crate) async fn check(databases: &Databases) -> Result<Vec<Check>, VerifyError> {
    let mut checks = Vec::new();
    let failed = facts::<PaymentFailed>(databases, &databases.payment, "pay", |told| {
        Some(of_payment(told))
    })
    .await?;
    failed.done(&mut checks);
    let disputes = facts::<DisputeChanged>(databases, &databases.payment, "pay", of_dispute).await?;
    disputes.done(&mut checks);
    let changed = facts::<UserChanged>(databases, &databases.user, "usr", |told| Some(of_user(told))).await?;
    changed.done(&mut checks);
    Ok(checks)
}

async fn facts<E: Event>(
    databases: &Databases,
    producer: &Snapshot,
    prefix: &str,
    message: fn(&E) -> Option<String>,
) -> Result<Check, VerifyError> {
    let notification = &databases.notification;
    let mut check = databases.check(
        format!("{}_notified", E::TOPIC.name.replace('-', "_")),
        format!("people were told of every {}, once and rightly", E::TOPIC),
    );
    let sql = include_str!("sql/notification/told.sql").replace(":topic", E::TOPIC.name);
    let states = States::of(notification, E::TOPIC.name, &sql).await?;
    let reach = Reach::of(notification, E::TOPIC).await?;
    let stories = Stories::of(producer, E::TOPIC, reach).await?;
    agree(&mut check, prefix, stories, states, |events| {
        let mut told: Vec<(Uuid, String)> = events
            .iter()
            .filter_map(|event| {
                Some(
                    notice(event, message)
                        .transpose()?
                        .map(|text| (event.event_id, text)),
                )
            })
            .collect::<Result<_, String>>()?;
        told.sort_unstable();
        let told: Vec<String> = told.into_iter().map(|(_, text)| text).collect();
        Ok((!told.is_empty()).then(|| told.join(" ")))
    })
    .await?;
    Ok(check)
}

fn notice<E: Event>(event: &Published, message: fn(&E) -> Option<String>) -> Result<Option<String>, String> {
    Ok(message(&event.event()?).map(|message| {
        format!(
            "[event={} {message} occurred_at={}]",
            event.event_id,
            event.occurred_at.timestamp_micros()
        )
    }))
}

/// What is told of a dispute when evidence is needed, and when it is decided.
fn of_dispute(told: &DisputeChanged) -> Option<String> {
    let (happened, rest) = match told.state {
        DisputeState::NeedsResponse => (
            "opened",
            "The bank took the money: hand in evidence to get it back.",
        ),
        DisputeState::Lost => ("lost", "The money is gone."),
        DisputeState::Won => ("won", "No money is missing any more."),
        DisputeState::Warning | DisputeState::WarningClosed | DisputeState::UnderReview => return None,
    };
    Some(format!(
        "kind=dispute_{happened} title=Dispute over {} was {happened} body=The dispute {} of payment {}, order {:?}, \
         over {} was {happened} at {}: {}. {rest}",
        told.amount,
        told.dispute_id,
        told.payment_id,
        told.order_reference,
        told.amount,
        told.changed_at.format("%Y-%m-%d %H:%M:%S UTC"),
        told.reason
    ))
}

fn of_payment(told: &PaymentFailed) -> String {
    format!(
        "kind=payment_failed title=Payment of {} failed body=The payment {} of order {:?} over {} failed at {}: {}.",
        told.amount,
        told.payment_id,
        told.order_reference,
        told.amount,
        told.failed_at.format("%Y-%m-%d %H:%M:%S UTC"),
        told.reason
    )
}

fn of_user(told: &UserChanged) -> String {
    let (kind, happened, body) = match (told.active, told.version) {
        (false, _) => ("user_deactivated", "deactivated", "may not log in any more"),
        (true, 1) => ("user_added", "added", "may log in now"),
        (true, _) => ("user_changed", "changed", "was changed"),
    };
    let roles: Vec<&str> = told
        .roles
        .iter()
        .map(|role| match role {
            Role::Administrator => "administrator",
            Role::Operator => "operator",
            Role::Auditor => "auditor",
            Role::Service => "service",
        })
        .collect();
    let roles = if roles.is_empty() {
        "none".to_owned()
    } else {
        roles.join(", ")
    };
    format!(
        "kind={kind} title=User {} was {happened} body=The user {} ({}) {body}. Roles: {roles}.",
        told.login, told.login, told.user_id
    )
}
